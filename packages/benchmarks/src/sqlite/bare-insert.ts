import { randomUUID } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { keyOf, type OrderPlaced } from '../relaying/sample-message.ts'

/** What an insert writes, by column. */
export type BareRow = Readonly<Record<string, string | number | Buffer | null>>

/** What somebody would write by hand: the same columns, the payload serialised, an id. */
export function bareRow(order: OrderPlaced): BareRow {
  return {
    id: randomUUID(),
    topic: 'orders',
    type: 'order.placed',
    ordering_key: keyOf(order.orderId),
    payload: Buffer.from(JSON.stringify(order)),
    headers: null,
    attributes: null,
    aggregate_type: null,
    aggregate_id: null,
    max_attempts: null,
    available_at: null,
    expires_at: null,
    created_at: Date.now(),
  }
}

const columns = Object.keys(bareRow({ orderId: 0, note: '' }))
const insertStatement = `insert into waybill_messages (${columns.join()}) values (${columns.map(() => '?').join()})`

/** Inserts messages with a prepared statement. */
export function bareInsert(database: Database): (order: OrderPlaced) => void {
  const insert = database.prepare(insertStatement)
  return (order) => void insert.run(...Object.values(bareRow(order)))
}
