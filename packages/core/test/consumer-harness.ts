import { z } from 'zod'
import { exponential } from '../src/backoff/exponential.ts'
import { type Catalogue, defineMessages } from '../src/catalogue/define-messages.ts'
import { Consumer } from '../src/consumer/consumer.ts'
import type { ConsumerOptions } from '../src/consumer/consumer-options.ts'
import type {
  BrokerConsumer,
  Delivery,
  Disposition,
  InboxStorage,
  Message,
  Subscription,
  TransactionOptions,
  TransactionRunner,
} from '../src/contracts/index.ts'
import { jsonSerializer } from '../src/serializer/json-serializer.ts'
import { type ManualRuntime, manualRuntime } from './manual-runtime.ts'

export interface Transaction {
  readonly writes: string[]
}

export interface TestInbox {
  readonly storage: InboxStorage<Transaction> & TransactionRunner<Transaction>
  /** Receipts and effects of committed transactions, in order. */
  readonly committed: readonly string[]
  /** What the next transactions fail with. */
  readonly failures: Error[]
  effects(): readonly string[]
}

export function makeInbox(): TestInbox {
  const committed: string[] = []
  const failures: Error[] = []
  const storage: InboxStorage<Transaction> & TransactionRunner<Transaction> = {
    specificationVersion: 'v1',
    name: 'test',
    async record(tx, receipts) {
      return receipts.map(({ consumer, key }) => {
        const receipt = `receipt ${consumer} ${key}`
        if (committed.includes(receipt)) return 'duplicate'
        tx.writes.push(receipt)
        return 'recorded'
      })
    },
    prune: async () => 0,
    async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      const tx = { writes: [] }
      const result = await work(tx)
      options.signal?.throwIfAborted()
      committed.push(...tx.writes)
      return result
    },
  }
  return {
    storage,
    committed,
    failures,
    effects: () => committed.filter((write) => !write.startsWith('receipt')),
  }
}

export interface TestSource {
  /** A test may replace its methods. */
  readonly source: { -readonly [Name in keyof BrokerConsumer]: BrokerConsumer[Name] }
  readonly log: readonly string[]
  deliver(message: Message | undefined, more?: Partial<Delivery>): Promise<Disposition>
  /** Ends the subscription from the broker's side. */
  readonly closed: PromiseWithResolvers<void>
  subscription(): Subscription | undefined
}

export function makeSource(): TestSource {
  const log: string[] = []
  let handle: ((delivery: Delivery) => Promise<Disposition>) | undefined
  let subscription: Subscription | undefined
  const closed = Promise.withResolvers<void>()
  const source: BrokerConsumer = {
    specificationVersion: 'v1',
    name: 'test',
    capabilities: { ordering: 'key', delayedRetry: false },
    async consume(wanted, callback) {
      subscription = wanted
      handle = callback
      return {
        pause: () => log.push('pause'),
        resume: () => log.push('resume'),
        closed: closed.promise,
        async [Symbol.asyncDispose]() {
          log.push('dispose')
          closed.resolve()
        },
      }
    },
    async close() {
      log.push('close')
    },
  }
  const deliver = (message: Message | undefined, more: Partial<Delivery> = {}) => {
    if (handle === undefined) throw new Error('not subscribed')
    const raw = { body: new Uint8Array(), headers: {} }
    const { signal } = new AbortController()
    const source = { topic: 'orders' }
    return handle({ raw, source, redelivered: false, signal, ...(message && { message }), ...more })
  }
  return { source, log, deliver, closed, subscription: () => subscription }
}

export type Types = {
  readonly 'order.placed': {
    readonly input: { readonly id: string; readonly n: string }
    readonly output: { readonly id: string; readonly n: number }
  }
  readonly 'order.paid': { readonly input: { readonly id: string }; readonly output: { readonly id: string } }
}

export const messages: Catalogue<Types> = defineMessages({
  'order.placed': { topic: 'orders', schema: z.object({ id: z.string(), n: z.string().transform(Number) }) },
  'order.paid': { topic: 'payments', schema: z.object({ id: z.string() }) },
})

export function placed(id: string, more: Partial<Message> = {}): Message {
  return {
    id,
    topic: 'orders',
    type: 'order.placed',
    payload: jsonSerializer.serialize({ id, n: '5' }),
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
    orderingKey: id,
    ...more,
  }
}

/** A consumer between a broker and a database of the test's own, in time that stands still. */
export interface Setup {
  readonly runtime: ManualRuntime
  readonly inbox: TestInbox
  readonly broker: TestSource
  readonly consumer: Consumer<Transaction, Types>
  /** Name and message of each event, errors aside. */
  readonly events: readonly string[]
  readonly errors: readonly Error[]
}

export function setup(options: Partial<ConsumerOptions<Transaction, Types>> = {}): Setup {
  const runtime = manualRuntime()
  const inbox = makeInbox()
  const broker = makeSource()
  const retry = exponential({ baseMs: 100, jitter: 'none', maxAttempts: 3 })
  const quiet = { immediateRetries: 0, pruneIntervalMs: 0 }
  const parts = { name: 'billing', source: broker.source, inbox: inbox.storage, messages, runtime }
  const all = { ...parts, retry, ...quiet, ...options }
  const consumer = new Consumer(all)
  const events: string[] = []
  for (const name of ['processed', 'duplicate', 'retry', 'dead', 'reject'] as const) {
    consumer.on(name, ({ message }) => events.push(`${name} ${message?.id}`))
  }
  const errors: Error[] = []
  consumer.on('error', (error) => errors.push(error))
  return { runtime, inbox, broker, consumer, events, errors }
}
