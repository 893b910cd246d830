import { exponential } from '../backoff/exponential.ts'
import type { RetryPolicy } from '../backoff/retry-policy.ts'
import type { Catalogue, MessageTypes } from '../catalogue/define-messages.ts'
import type { BrokerConsumer, InboxStorage, Message, Serializer, TransactionRunner } from '../contracts/index.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { checkSpecification, given } from '../settings/check-options.ts'
import type { DeadLetterTopic } from './bury.ts'
import { checkConsumerOptions } from './check-consumer-options.ts'

export interface ConsumerOptions<Tx, Types extends MessageTypes, Outgoing extends MessageTypes = never> {
  /** Whose receipts these are. Renaming a consumer makes every message new to it. */
  readonly name: string
  /** Serves this consumer alone, and is closed with it. */
  readonly source: BrokerConsumer
  /** Keeps the receipts and opens the transactions of the handlers. */
  readonly inbox: InboxStorage<NoInfer<Tx>> & TransactionRunner<Tx>
  /** Where handlers enqueue, in their transaction: `context.outbox`. */
  readonly outbox?: Outbox<NoInfer<Tx>, Outgoing>
  /** Without a catalogue handlers get what the serializer reads, and `topics` is needed. */
  readonly messages?: Catalogue<Types>
  /** @default the topics that the catalogue gives the types with a handler */
  readonly topics?: readonly string[]
  /** Consumer group at the broker. @default `name` */
  readonly group?: string
  /** @default jsonSerializer */
  readonly serializer?: Serializer
  /** What makes two messages the same. @default the message's id */
  readonly dedupKey?: (message: Message) => string
  /** Handlers at once, each for a key of its own. More need as many database connections. @default 10 */
  readonly concurrency?: number
  /** Deliveries taken from the broker and not yet answered; at least `concurrency`. @default 100 */
  readonly maxInFlight?: number
  /**
   * How long a handler may run before its signal fires and its transaction is rolled back. One that runs on counts as running when
   * its process ends. @default 30000
   */
  readonly handlerTimeoutMs?: number
  /** When a failed message is tried again; it holds back its key meanwhile. @default exponential({ maxAttempts: 5 }) */
  readonly retry?: RetryPolicy
  /** So many failures are followed by another attempt at once, before the delays of `retry` begin. @default 1 */
  readonly immediateRetries?: number
  /** What becomes of a message without a handler: a dead letter, acknowledged unseen, or rejected at the broker. @default 'dead' */
  readonly unknownType?: 'ignore' | 'reject' | 'dead'
  /**
   * Where dead letters go: to a table of the inbox, from where they can come back; where the broker puts what is rejected, which
   * may be away; or to a topic of your own. @default 'inbox' if it keeps dead letters, else 'broker'
   */
  readonly deadLetters?: 'inbox' | 'broker' | DeadLetterTopic
  /**
   * Lets a message whose attempts are exhausted come back by itself from the inbox `delayMs` later, up to so many `times`. What
   * can never work is not among them. @default never
   */
  readonly redriveAfter?: { readonly delayMs: number; readonly times: number }
  /** How often to look for dead letters that were redriven, in milliseconds; 0: this consumer leaves them alone. @default 5000 */
  readonly redriveIntervalMs?: number
  /**
   * A message whose handler seems to have ended its process as often as this is a dead letter. Failures in between change nothing;
   * once it has taken effect it begins anew. @default 3
   */
  readonly maxCrashes?: number
  /**
   * How long receipts are kept: longer than the broker may deliver a message again, or it takes effect twice. Counts for all
   * consumers of the inbox. @default 14 days
   */
  readonly receiptRetentionMs?: number
  /** How often to remove older receipts, in milliseconds; 0: never, somebody else does. @default 3_600_000 */
  readonly pruneIntervalMs?: number
  /** Starts although the broker may deliver again what has no receipt any more. @default false */
  readonly allowShortRetention?: boolean
  /** How long `stop` waits for running handlers before it aborts them. @default 30000 */
  readonly shutdownTimeoutMs?: number
  /** Time and chance; for tests. */
  readonly runtime?: Runtime
}

type Optional = 'messages' | 'topics' | 'dedupKey' | 'outbox' | 'redriveAfter'
type AnyConsumerOptions<Tx> = ConsumerOptions<Tx, MessageTypes, MessageTypes>
export type ResolvedConsumerOptions<Tx> = Readonly<Required<Omit<AnyConsumerOptions<Tx>, Optional>>> &
  Pick<AnyConsumerOptions<Tx>, Optional>

/** @throws `ConfigurationError` with everything that is wrong, `SpecificationError`. */
export function resolveConsumerOptions<Tx>(input: AnyConsumerOptions<Tx>): ResolvedConsumerOptions<Tx> {
  const options = given(input)
  const resolved: ResolvedConsumerOptions<Tx> = {
    group: options.name,
    serializer: jsonSerializer,
    concurrency: 10,
    maxInFlight: 100,
    handlerTimeoutMs: 30_000,
    retry: exponential({ maxAttempts: 5 }),
    immediateRetries: 1,
    unknownType: 'dead',
    deadLetters: options.inbox?.deadLetters === undefined ? 'broker' : 'inbox',
    redriveIntervalMs: 5000,
    maxCrashes: 3,
    receiptRetentionMs: 14 * 24 * 3_600_000,
    pruneIntervalMs: 3_600_000,
    allowShortRetention: false,
    shutdownTimeoutMs: 30_000,
    runtime: systemRuntime,
    ...options,
  }
  checkConsumerOptions(resolved)
  checkSpecification(resolved.source)
  checkSpecification(resolved.inbox)
  return Object.freeze(resolved)
}
