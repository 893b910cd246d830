import type { ServerKind } from './kind.ts'
import { mysqlClient } from './mysql-client.ts'

const password = 'waybill'

export const mariadb: ServerKind = {
  id: 'mariadb',
  name: 'MariaDB',
  image: 'mariadb:11',
  recipe: { folder: 'mariadb' },
  port: 3306,
  urlVariable: 'WAYBILL_TEST_MARIADB_URL',
  environment: { MARIADB_ROOT_PASSWORD: password, MARIADB_DATABASE: 'waybill' },
  // Off by default, unlike in MySQL; metadata_locks, which tells open writers, is part of it, and empty without its instrument.
  command: [
    '--max-connections=300',
    '--performance-schema=ON',
    '--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON',
  ],
  url: (host, port) => `mysql://root:${password}@${host}:${port}/waybill`,
  client: mysqlClient,
}
