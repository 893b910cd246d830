import type { InboxBurial, Message, Receipt } from '../contracts/index.ts'
import type { TypedEvents } from '../events/typed-events.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { ConsumerEvents } from './consumer-events.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'
import type { Handler, Middleware } from './handler.ts'
import type { Slots } from './slots.ts'

/** What all deliveries of one consumer have in common. */
export interface DeliveryTerms<Tx> {
  readonly options: ResolvedConsumerOptions<Tx>
  readonly inbox: Inbox<Tx>
  readonly handlers: ReadonlyMap<string, Handler<Tx, never>>
  readonly middleware: readonly Middleware<Tx>[]
  readonly events: TypedEvents<ConsumerEvents>
  readonly slots: Slots
  /** Where dead letters are kept; resolves when one is durable. `undefined`: the broker puts them away. */
  readonly grave: ((burial: InboxBurial) => Promise<void>) | undefined
  /** Keys of dead letters that somebody else may be handling, with the beginnings that stood there at the last look. */
  readonly contended: Map<string, ReadonlySet<string>>
  /** Keys of receipts with a handler that was given up here and runs on, one for each message in hand. */
  readonly overdue: Set<{ readonly key: string }>
  /** Fires when the consumer begins to stop: nothing new is begun. */
  readonly draining: AbortSignal
  /** Fires when the time to stop is over: what still runs is rolled back. */
  readonly halted: AbortSignal
}

/** A message whose `dedupKey` fails must be put away all the same: then its id stands in. */
export function receiptFor<Tx>({ inbox, options }: DeliveryTerms<Tx>, message: Message): Receipt {
  try {
    return inbox.receiptOf(message)
  } catch {
    return { consumer: options.name, key: message.id }
  }
}
