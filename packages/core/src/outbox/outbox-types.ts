import type { Catalogue, MessageTypes } from '../catalogue/define-messages.ts'
import type {
  BrokerPublisher,
  Message,
  OutboxWriter,
  Serializer,
  TransactionOptions,
  TransactionRunner,
} from '../contracts/index.ts'
import type { EnqueueOptions, TraceContext } from '../message/enqueue-options.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Environment } from '../settings/environment.ts'

/**
 * The storage of an outbox.
 *
 * @typeParam Tx - The open transactions that `insert` takes.
 * @typeParam SyncTx - Those that `insertSync` takes; `never` if there is none.
 * @typeParam RunnerTx - Those that the storage opens itself; `unknown` if it does not.
 */
export type OutboxTarget<Tx, SyncTx, RunnerTx> = Omit<OutboxWriter<Tx>, 'insertSync'> & {
  insertSync?(tx: SyncTx, messages: Parameters<OutboxWriter<Tx>['insert']>[1]): void
} & Partial<TransactionRunner<RunnerTx>>

export interface OutboxOptions<Tx, Types extends MessageTypes, RunnerTx, SyncTx> {
  /** Give the relay of this process the same instance: it is then woken at once. */
  readonly storage: OutboxTarget<Tx, SyncTx, RunnerTx>
  /** Without a catalogue any type and payload is taken, and every message needs a `topic`. */
  readonly messages?: Catalogue<Types>
  /** @default jsonSerializer */
  readonly serializer?: Serializer
  /**
   * Payload, headers and ordering key of one message at most, in bytes of UTF-8. Brokers have limits of their own, which a
   * message meets only after its transaction has committed: stay below them. The default leaves 100,000 bytes for the names
   * that an adapter adds, below the least limit that an adapter of ours has by default, 1,000,000 on Kafka.
   *
   * @default 900_000
   */
  readonly maxMessageBytes?: number
  /** Asked at every enqueue, for example for the active span of OpenTelemetry. */
  readonly traceContext?: () => TraceContext | undefined
  /** Opens the transactions of {@link Outbox.transaction}. @default the storage, if it can */
  readonly runner?: TransactionRunner<RunnerTx> & (RunnerTx extends Tx ? unknown : never)
  /**
   * `outbox`: messages are written in the caller's transaction, and a relay publishes them. `direct`: **without the
   * guarantee**, for services that move to the outbox step by step: messages are kept in memory and published by this process
   * once it is told of the commit; a crash, a broker that is away or a forgotten `committed` loses them, and nothing keeps
   * their order. The storage's tables are not touched. `delayMs` and `availableAt` are refused.
   *
   * @default 'outbox'; 'direct' if there is a publisher and WAYBILL_OUTBOX_ENABLED is `false`
   */
  readonly mode?: 'outbox' | 'direct'
  /** For direct mode: serves this outbox alone; whoever made it closes it. */
  readonly publisher?: BrokerPublisher
  /** How long direct mode waits for the publisher, in milliseconds. @default 10_000 */
  readonly publishTimeoutMs?: number
  /** @default process.env */
  readonly environment?: Environment
  /** For tests. @default the clocks and the random source of the machine */
  readonly runtime?: Runtime
}

/** What an outbox reports; in direct mode only. */
export interface OutboxEvents {
  /** Its transaction has committed, and the broker did not take it: it is lost, or its fate is not known. */
  readonly unpublished: { readonly message: Message; readonly error: Error }
  /** Said once: messages are published without the guarantee. Without a listener it goes to stderr. */
  readonly warning: string
  /** Also every `unpublished`. Without a listener it goes to stderr. */
  readonly error: Error
}

export interface WithinOptions {
  /** What is enqueued carries its correlation id (its id, if it has none), and its id as causation id. */
  readonly cause?: Message
  /** Called after each write: there is something to say {@link Outbox.committed} for. */
  readonly onEnqueued?: () => void
}

/** What the caller learns of a message that was written. */
export interface EnqueuedMessage {
  readonly id: string
}

/** The options of a message: without a catalogue the topic is required. */
export type EnqueueTerms<Types extends MessageTypes> = string extends keyof Types
  ? EnqueueOptions & { readonly topic: string }
  : EnqueueOptions

export type OptionsArgument<Types extends MessageTypes> = string extends keyof Types
  ? [options: EnqueueOptions & { readonly topic: string }]
  : [options?: EnqueueOptions]

/** As {@link OptionsArgument}, for messages that the caller writes himself, and with them the lock. */
export type ComposeArgument<Types extends MessageTypes> = string extends keyof Types
  ? [options: Omit<EnqueueOptions, 'lockKey'> & { readonly topic: string }]
  : [options?: Omit<EnqueueOptions, 'lockKey'>]

/** One message of {@link Outbox.enqueueMany}: type, payload and options in one object. */
export type EnqueueItem<Types extends MessageTypes> = {
  [Type in keyof Types]: { readonly type: Type; readonly payload: Types[Type]['input'] } & EnqueueTerms<Types>
}[keyof Types]

/** What {@link Outbox.transaction} hands to its work. Everything in it ends with the transaction. */
export interface OutboxScope<Tx, Types extends MessageTypes> {
  readonly tx: Tx
  enqueue<Type extends keyof Types & string>(
    type: Type,
    payload: Types[Type]['input'],
    ...options: OptionsArgument<Types>
  ): Promise<EnqueuedMessage>
  enqueueMany(messages: readonly EnqueueItem<Types>[]): Promise<readonly EnqueuedMessage[]>
}

/** Makes a call of {@link Outbox.transaction} without a runner an error of the compiler. */
interface RunnerIsMissing extends TransactionOptions {
  readonly 'the storage opens no transactions: give the outbox a runner': never
}

export type TransactionArgument<RunnerTx> = unknown extends RunnerTx
  ? [missing: RunnerIsMissing]
  : [options?: TransactionOptions]
