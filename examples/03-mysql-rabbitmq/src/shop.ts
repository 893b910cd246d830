import { Outbox } from '@waybill/core'
import { mysqlStorage } from '@waybill/mysql'
import type { ResultSetHeader, RowDataPacket } from 'mysql2'
import { inTransaction, pool } from './database.ts'
import { messages } from './messages.ts'

export const storage = mysqlStorage({ pool })
const outbox = new Outbox({ storage, messages })

export interface Order {
  readonly orderId: string
  readonly sku: string
  readonly quantity: number
}

/** `known`: it was placed before, so that a file of orders can be read again after a crash. */
export type OrderOutcome = 'placed' | 'known' | 'out of stock'

/** Stock, order and the message to the warehouse change together, or none of them. */
export async function placeOrder({ orderId, sku, quantity }: Order): Promise<OrderOutcome> {
  return await inTransaction(async (tx) => {
    // This locks the article until the commit, so that its messages are enqueued in the order of the commits.
    const [articles] = await tx.query<(RowDataPacket & { stock: number })[]>(
      'select stock from articles where sku = ? for update',
      [sku],
    )
    const left = (articles[0]?.stock ?? 0) - quantity
    if (left < 0) return 'out of stock'
    const [{ affectedRows }] = await tx.query<ResultSetHeader>('insert ignore into orders values (?, ?, ?, ?)', [
      orderId,
      sku,
      quantity,
      left,
    ])
    if (affectedRows === 0) return 'known'
    await tx.query('update articles set stock = ? where sku = ?', [left, sku])
    await outbox.enqueue(tx, 'stock.reserved', { orderId, sku, quantity, left })
    return 'placed'
  })
}
