import { Consumer, Inbox } from '@waybill/core'
import type { BrokerConsumer, Message } from '@waybill/core/contracts'
import type { OrderPlaced } from '../relaying/sample-message.ts'
import type { ConsumingClient } from './clients/consuming-client.ts'

const consumerName = 'billing'

export interface Subscribing {
  readonly source: BrokerConsumer
  readonly group: string
  /** Handlers at once. */
  readonly concurrency: number
  /** A handler's transaction has been committed. */
  onProcessed(message: Message): void
  onError(error: Error): void
}

/** A service that writes an invoice for each order it hears of. */
export interface ConsumingService extends AsyncDisposable {
  /** By hand, in a transaction. @param withReceipt - `false`: a message that comes twice takes effect twice. */
  byHand(message: Message, withReceipt: boolean): Promise<void>
  /** In a transaction of the inbox. */
  guard(message: Message): Promise<void>
  /** All in one transaction of the inbox. */
  guardMany(messages: readonly Message[]): Promise<void>
  /** Starts a `Consumer`, which stops when it is disposed. */
  subscribe(subscribing: Subscribing): Promise<AsyncDisposable>
  /** How many invoices there are. */
  count(): Promise<number>
}

/** @param setUp - Statements that make its table, and empty it and that of the receipts. */
export async function serviceOn<Tx>(client: ConsumingClient<Tx>, setUp: readonly string[]): Promise<ConsumingService> {
  const inbox = new Inbox({ inbox: client.inbox, consumer: consumerName })
  for (const statement of setUp) await client.ask(statement)
  return {
    byHand: (message, withReceipt) =>
      client.byHand(orderOf(message), withReceipt ? { consumer: consumerName, key: message.id } : null),
    async guard(message) {
      await client.inbox.transaction((tx) => inbox.guard(tx, message, () => client.write(tx, [orderOf(message)])))
    },
    async guardMany(messages) {
      await client.inbox.transaction((tx) =>
        inbox.guardMany(tx, messages, (fresh) => client.write(tx, fresh.map(orderOf))),
      )
    },
    async subscribe({ source, group, concurrency, onProcessed, onError }) {
      const options = { name: consumerName, source, group, concurrency, topics: ['orders'], inbox: client.inbox }
      const consumer = new Consumer<Tx>(options)
      consumer.on('order.placed', ({ payload }, { tx }) => client.write(tx, [payload as OrderPlaced]))
      consumer.on('processed', ({ message }) => onProcessed(message))
      consumer.on('error', onError)
      await consumer.start()
      return consumer
    },
    async count() {
      const [row] = await client.ask('select count(*) as count from invoices')
      return Number(row?.['count'])
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

function orderOf({ payload }: Message): OrderPlaced {
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
}
