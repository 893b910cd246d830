import type { ServerKind } from './kind.ts'
import { mysqlClient } from './mysql-client.ts'

const password = 'waybill'

export const mysql: ServerKind = {
  id: 'mysql',
  name: 'MySQL',
  image: 'mysql:9',
  recipe: { folder: 'mysql' },
  port: 3306,
  urlVariable: 'WAYBILL_TEST_MYSQL_URL',
  environment: { MYSQL_ROOT_PASSWORD: password, MYSQL_DATABASE: 'waybill' },
  command: ['--max-connections=300'],
  url: (host, port) => `mysql://root:${password}@${host}:${port}/waybill`,
  client: mysqlClient,
}
