import { setTimeout as wait } from 'node:timers/promises'
import { Outbox } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import type { Kysely, Transaction } from 'kysely'
import type { ShopTables } from './databases.ts'
import { messages } from './messages.ts'
import type { Random } from './random.ts'

/** Customers who order at the same time, and how long each thinks between two orders at most. */
const customers = 8
const longestThoughtMs = 32
/** One payment in so many is declined, after its messages have been enqueued. */
const declinedOneIn = 8

class PaymentDeclined extends Error {}

/** The order service: each step of an order is a transaction that changes its rows and enqueues what it has to tell. */
export class Shop {
  readonly #db: Kysely<ShopTables>
  readonly #outbox
  readonly #random: Random
  /** When each message's transaction had committed, in milliseconds of `performance.now`. */
  readonly committedAt: Map<string, number> = new Map()
  orders = 0
  rollbacks = 0

  constructor(db: Kysely<ShopTables>, random: Random) {
    this.#db = db
    this.#random = random
    this.#outbox = new Outbox({ storage: sqliteStorage({ db }), messages })
  }

  /** Takes orders from all customers at once, until there are so many. */
  async takeOrders(count: number, signal: AbortSignal): Promise<void> {
    let next = 1
    const customer = async () => {
      while (next <= count && !signal.aborted) {
        const orderId = `order-${next++}`
        await wait(this.#random.next() * longestThoughtMs)
        await this.#order(orderId)
      }
    }
    await Promise.all(Array.from({ length: customers }, customer))
  }

  async #order(orderId: string): Promise<void> {
    const total = 100 + this.#random.below(9900)
    await this.#commit((tx) => this.#place(tx, orderId, total))
    for (;;) {
      const declined = this.#random.below(declinedOneIn) === 0
      try {
        await this.#commit((tx) => this.#pay(tx, { orderId, amount: total, declined }))
        break
      } catch (error) {
        if (!(error instanceof PaymentDeclined)) throw error
        this.rollbacks++
      }
    }
    this.orders++
  }

  async #place(tx: Transaction<ShopTables>, orderId: string, total: number): Promise<readonly string[]> {
    await tx.insertInto('orders').values({ id: orderId, total, status: 'placed' }).execute()
    const { id } = await this.#outbox.enqueue(tx, 'order.placed', { orderId, total })
    await remember(tx, orderId, [id])
    return [id]
  }

  /** The bank answers at the last moment: what has been enqueued by then must never be heard of. */
  async #pay(tx: Transaction<ShopTables>, payment: Payment): Promise<readonly string[]> {
    const { orderId, amount, declined } = payment
    await tx.updateTable('orders').set({ status: 'confirmed' }).where('id', '=', orderId).execute()
    const told = await this.#outbox.enqueueMany(tx, [
      { type: 'order.paid', payload: { orderId, amount } },
      { type: 'order.confirmed', payload: { orderId } },
    ])
    const ids = told.map(({ id }) => id)
    await remember(tx, orderId, ids)
    if (declined) throw new PaymentDeclined()
    return ids
  }

  async #commit(work: (tx: Transaction<ShopTables>) => Promise<readonly string[]>): Promise<void> {
    const ids = await this.#db.transaction().execute(work)
    const now = performance.now()
    for (const id of ids) this.committedAt.set(id, now)
  }
}

interface Payment {
  readonly orderId: string
  readonly amount: number
  readonly declined: boolean
}

async function remember(tx: Transaction<ShopTables>, orderId: string, ids: readonly string[]): Promise<void> {
  const rows = ids.map((id) => ({ order_id: orderId, message_id: id }))
  await tx.insertInto('history').values(rows).execute()
}
