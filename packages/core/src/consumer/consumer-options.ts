import { exponential } from '../backoff/exponential.ts'
import type { RetryPolicy } from '../backoff/retry-policy.ts'
import type { Catalogue, MessageTypes } from '../catalogue/define-messages.ts'
import type { BrokerConsumer, InboxStorage, Message, Serializer, TransactionRunner } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { checkCatalogue, checkOptions, checkSpecification, given, type OptionCheck } from '../settings/check-options.ts'
import { eventNames } from './consumer-events.ts'

export interface ConsumerOptions<Tx, Types extends MessageTypes> {
  /** Whose receipts these are. Renaming a consumer makes every message new to it. */
  readonly name: string
  /** Serves this consumer alone, and is closed with it. */
  readonly source: BrokerConsumer
  /** Keeps the receipts and opens the transactions of the handlers. */
  readonly inbox: InboxStorage<NoInfer<Tx>> & TransactionRunner<Tx>
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
  /** How long a handler may run before it is aborted and its transaction rolled back. @default 30000 */
  readonly handlerTimeoutMs?: number
  /** When a failed message is tried again; it holds back its key meanwhile. @default exponential({ maxAttempts: 5 }) */
  readonly retry?: RetryPolicy
  /** What becomes of a message without a handler: a dead letter, or acknowledged unseen. @default 'reject' */
  readonly unknownType?: 'reject' | 'ignore'
  /** How long `stop` waits for running handlers before it aborts them. @default 30000 */
  readonly shutdownTimeoutMs?: number
  /** Time and chance; for tests. */
  readonly runtime?: Runtime
}

type Optional = 'messages' | 'topics' | 'dedupKey'
export type ResolvedConsumerOptions<Tx> = Readonly<Required<Omit<ConsumerOptions<Tx, MessageTypes>, Optional>>> &
  Pick<ConsumerOptions<Tx, MessageTypes>, Optional>

/** @throws `ConfigurationError` with everything that is wrong, `SpecificationError`. */
export function resolveConsumerOptions<Tx>(input: ConsumerOptions<Tx, MessageTypes>): ResolvedConsumerOptions<Tx> {
  const options = given(input)
  const resolved: ResolvedConsumerOptions<Tx> = {
    group: options.name,
    serializer: jsonSerializer,
    concurrency: 10,
    maxInFlight: 100,
    handlerTimeoutMs: 30_000,
    retry: exponential({ maxAttempts: 5 }),
    unknownType: 'reject',
    shutdownTimeoutMs: 30_000,
    runtime: systemRuntime,
    ...options,
  }
  checkOptions('Consumer', (check) => {
    checkParts(resolved, check)
    checkRanges(resolved, check)
  })
  checkSpecification(resolved.source)
  checkSpecification(resolved.inbox)
  return Object.freeze(resolved)
}

function checkParts<Tx>(
  { name, group, source, inbox, messages }: ResolvedConsumerOptions<Tx>,
  check: OptionCheck,
): void {
  const isFunction = (value: unknown) => typeof value === 'function'
  for (const [option, value] of Object.entries({ name, group })) {
    const holds = typeof value === 'string' && value !== '' && value.length <= 255
    check.that(holds, { option, value, rule: 'must be a name of at most 255 characters' })
  }
  check.that(isFunction(source?.consume), { option: 'source', value: source, rule: 'must be a BrokerConsumer' })
  check.that(isFunction(inbox?.record) && isFunction(inbox.transaction), {
    option: 'inbox',
    value: inbox,
    rule: 'must be an InboxStorage that is a TransactionRunner too',
  })
  checkCatalogue(check, messages)
  for (const type of messages?.definitions?.keys() ?? []) {
    const rule = 'has the name of an event of the consumer: rename the type'
    check.that(!eventNames.includes(type), { option: 'messages', value: type, rule })
  }
}

function checkRanges<Tx>(options: ResolvedConsumerOptions<Tx>, check: OptionCheck): void {
  const { concurrency, maxInFlight, unknownType, retry } = options
  check.integer('concurrency', concurrency, 1)
  check.integer('maxInFlight', maxInFlight, 1)
  check.integer('handlerTimeoutMs', options.handlerTimeoutMs, 1)
  check.integer('retry.maxAttempts', retry?.maxAttempts, 1)
  check.integer('shutdownTimeoutMs', options.shutdownTimeoutMs, 0)
  check.that(!(maxInFlight < concurrency), {
    option: 'maxInFlight',
    value: maxInFlight,
    rule: `must not be less than concurrency (${concurrency})`,
  })
  check.that(['reject', 'ignore'].includes(unknownType), {
    option: 'unknownType',
    value: unknownType,
    rule: "must be 'reject' or 'ignore'",
  })
}
