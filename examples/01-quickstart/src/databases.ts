import BetterSqlite3 from 'better-sqlite3'
import { type Generated, Kysely, SqliteDialect } from 'kysely'
import type { CommittedMessage } from './judge.ts'

/** The producing service's tables, besides Waybill's. */
export interface ShopTables {
  orders: { id: string; total: number; status: 'placed' | 'confirmed' }
  /** What was told of each order, in the transaction that told it: the demo's own record, which Waybill never sees. */
  history: { sequence: Generated<number>; order_id: string; message_id: string }
}

/** The consuming service's tables, besides Waybill's. Nothing here refuses a second entry: the inbox has to. */
export interface BillingTables {
  entries: { message_id: string; order_id: string; type: string }
}

export function openShop(file: string): Kysely<ShopTables> {
  return open(file)
}

export function openBilling(file: string): Kysely<BillingTables> {
  return open(file)
}

function open<Tables>(file: string): Kysely<Tables> {
  const database = new BetterSqlite3(file)
  // The driver's own setting for a WAL is NORMAL, with which a power cut may undo what has been committed.
  database.pragma('synchronous = full')
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
}

export async function createShopTables(db: Kysely<ShopTables>): Promise<void> {
  await db.schema
    .createTable('orders')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('total', 'integer', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('history')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('order_id', 'text', (column) => column.notNull())
    .addColumn('message_id', 'text', (column) => column.notNull())
    .execute()
}

export async function createBillingTables(db: Kysely<BillingTables>): Promise<void> {
  await db.schema
    .createTable('entries')
    .addColumn('message_id', 'text', (column) => column.notNull())
    .addColumn('order_id', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .execute()
}

/** SQLite has one writer at a time, so that the sequence is the order of the commits. */
export async function readCommitted(db: Kysely<ShopTables>): Promise<readonly CommittedMessage[]> {
  const rows = await db.selectFrom('history').selectAll().orderBy('sequence').execute()
  return rows.map((row) => ({ id: row.message_id, orderId: row.order_id }))
}

export async function readEffects(db: Kysely<BillingTables>): Promise<readonly string[]> {
  const rows = await db.selectFrom('entries').select('message_id').execute()
  return rows.map((row) => row.message_id)
}
