import { randomUUID } from 'node:crypto'
import { Outbox } from '@waybill/core'
import { postgresStorage } from '@waybill/postgres'
import { inTransaction, pool } from './database.ts'
import { messages } from './messages.ts'

export const storage = postgresStorage({ pool })
const outbox = new Outbox({ storage, messages })

export interface PlacedOrder {
  readonly orderId: string
  readonly number: number
}

/** The order and the message about it commit together, or neither of them. */
export async function placeOrder(customerId: string, totalCents: number): Promise<PlacedOrder> {
  const orderId = randomUUID()
  return await inTransaction(async (tx) => {
    // This locks the customer's row, so that the messages about a customer are enqueued in the order of the commits.
    const { rows } = await tx.query<{ number: number }>(
      `insert into customers values ($1, 1)
       on conflict (id) do update set orders = customers.orders + 1 returning orders as number`,
      [customerId],
    )
    const number = rows[0]?.number ?? 1
    await tx.query(`insert into orders values ($1, $2, $3, $4, 'placed')`, [orderId, customerId, number, totalCents])
    await outbox.enqueue(tx, 'order.placed', { orderId, customerId, number, totalCents })
    return { orderId, number }
  })
}

/** Answers whether there was an order to cancel. */
export async function cancelOrder(orderId: string): Promise<boolean> {
  return await inTransaction(async (tx) => {
    const { rows } = await tx.query<{ customerId: string }>(
      `update orders set status = 'cancelled' where id = $1 and status = 'placed' returning customer_id as "customerId"`,
      [orderId],
    )
    const order = rows[0]
    if (order === undefined) return false
    await outbox.enqueue(tx, 'order.cancelled', { orderId, customerId: order.customerId })
    return true
  })
}
