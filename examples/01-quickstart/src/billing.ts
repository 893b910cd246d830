import { Consumer } from '@waybill/core'
import { type MemoryBroker, memoryConsumer } from '@waybill/memory'
import { sqliteInbox } from '@waybill/sqlite'
import type { Kysely, Transaction } from 'kysely'
import type { BillingTables } from './databases.ts'
import { messages } from './messages.ts'

/** The consuming service: one entry for each message. Deliveries may repeat; entries may not. */
export class Billing {
  readonly #consumer
  #effects = 0
  #duplicates = 0

  constructor(db: Kysely<BillingTables>, broker: MemoryBroker) {
    const source = memoryConsumer({ broker })
    const consumer = new Consumer({ name: 'billing', source, inbox: sqliteInbox({ db }), messages })
    const writeEntry = async (message: Heard, { tx }: { readonly tx: Transaction<BillingTables> }) => {
      const { id, type, payload } = message
      await tx.insertInto('entries').values({ message_id: id, order_id: payload.orderId, type }).execute()
    }
    consumer.on('order.placed', writeEntry)
    consumer.on('order.paid', writeEntry)
    consumer.on('order.confirmed', writeEntry)
    consumer.on('processed', () => {
      this.#effects++
    })
    consumer.on('duplicate', () => {
      this.#duplicates++
    })
    this.#consumer = consumer
  }

  get effects(): number {
    return this.#effects
  }

  /** Deliveries that have been dealt with. */
  get handled(): number {
    return this.#effects + this.#duplicates
  }

  start(): Promise<void> {
    return this.#consumer.start()
  }

  stop(): Promise<void> {
    return this.#consumer.stop()
  }
}

interface Heard {
  readonly id: string
  readonly type: string
  readonly payload: { readonly orderId: string }
}
