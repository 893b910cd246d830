import type { ServerKind } from './kind.ts'
import { postgresClient } from './postgres-client.ts'

const password = 'waybill'

/** Arguments raise what the defaults set for one small application, since many tests share the server. */
export const postgres: ServerKind = {
  id: 'postgres',
  name: 'PostgreSQL',
  image: 'postgres:17',
  recipe: { folder: 'postgres' },
  port: 5432,
  urlVariable: 'WAYBILL_TEST_POSTGRES_URL',
  environment: { POSTGRES_PASSWORD: password, POSTGRES_DB: 'waybill' },
  command: ['-c', 'max_connections=300', '-c', 'max_prepared_transactions=10'],
  url: (host, port) => `postgresql://postgres:${password}@${host}:${port}/waybill`,
  client: postgresClient,
}
