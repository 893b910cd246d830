import type { Address, RelayStorage } from '../backlogs/address.ts'
import { kyselyOnMysql, kyselyOnPostgres, kyselyOnSqlite } from './clients/kysely.ts'
import { mysql2Client } from './clients/mysql2.ts'
import { pgClient } from './clients/pg.ts'
import { type ConsumingService, serviceOn } from './consuming-service.ts'

/** A client of a database that handlers may use. */
export interface Way {
  readonly client: string
  /** @param connections - At most; SQLite has one. */
  open(address: Address, connections: number): Promise<ConsumingService>
}

const tableOf: Readonly<Record<RelayStorage, string>> = {
  postgres: 'id bigint generated always as identity primary key, order_id bigint not null, note text not null',
  mysql: 'id bigint auto_increment primary key, order_id bigint not null, note text not null',
  mariadb: 'id bigint auto_increment primary key, order_id bigint not null, note text not null',
  sqlite: 'id integer primary key, order_id integer not null, note text not null',
}

/** The client that the storage is built on comes first. */
export function waysOf(storage: RelayStorage): readonly [Way, ...Way[]] {
  const setUp = [
    `create table if not exists invoices (${tableOf[storage]})`,
    ...['invoices', 'waybill_receipts'].map((table) =>
      storage === 'sqlite' ? `delete from ${table}` : `truncate table ${table}`,
    ),
  ]
  if (storage === 'sqlite') return [{ client: 'Kysely', open: ({ at }) => serviceOn(kyselyOnSqlite(at), setUp) }]
  if (storage === 'postgres')
    return [
      { client: 'pg', open: ({ at }, connections) => serviceOn(pgClient(at, connections), setUp) },
      { client: 'Kysely', open: ({ at }, connections) => serviceOn(kyselyOnPostgres(at, connections), setUp) },
    ]
  return [
    { client: 'mysql2', open: ({ at }, connections) => serviceOn(mysql2Client(at, connections), setUp) },
    { client: 'Kysely', open: ({ at }, connections) => serviceOn(kyselyOnMysql(at, connections), setUp) },
  ]
}
