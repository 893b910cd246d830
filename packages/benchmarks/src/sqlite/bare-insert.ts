import { randomUUID } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { keyOf, type OrderPlaced } from '../relaying/sample-message.ts'

const columns = [
  'id',
  'topic',
  'type',
  'ordering_key',
  'payload',
  'headers',
  'attributes',
  'aggregate_type',
  'aggregate_id',
  'max_attempts',
  'available_at',
  'expires_at',
  'created_at',
]

/** Inserts a message as somebody would by hand: the same columns, serialised, with an id. */
export function bareInsert(database: Database): (order: OrderPlaced) => void {
  const places = columns.map(() => '?').join()
  const insert = database.prepare(`insert into waybill_messages (${columns.join()}) values (${places})`)
  return (order) => {
    const payload = Buffer.from(JSON.stringify(order))
    const key = keyOf(order.orderId)
    insert.run(randomUUID(), 'orders', 'order.placed', key, payload, ...nulls, Date.now())
  }
}

const nulls = new Array<null>(7).fill(null)
