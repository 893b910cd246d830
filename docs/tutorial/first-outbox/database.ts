import { migrateSqlite } from '@waybill/sqlite'
import SQLite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'

interface Tables {
  orders: { id: string; total: number }
  invoices: { order_id: string; total: number }
}

const database = new SQLite('shop.db')
database.pragma('synchronous = full')
database.exec(`
  create table if not exists orders (id text primary key, total integer not null);
  create table if not exists invoices (order_id text not null, total integer not null);
`)

export const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
await migrateSqlite(db)
