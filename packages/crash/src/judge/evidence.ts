import type { Acceptance } from '../broker/broker.ts'
import type { RelayLife } from '../crew/history.ts'
import type { Fate } from '../fates.ts'

/** A message whose transaction has committed, as that transaction has written it down. */
export interface CommittedMessage {
  readonly id: string
  readonly topic: string
  readonly key: string | null
  /** Within a key ascending in the order of the commits; of two messages of a transaction the earlier has the lower one. */
  readonly sequence: number
  readonly fate: Fate
  /** The database's time before it was enqueued. */
  readonly beganAt: number
  /** The database's time at which it was due at the latest; null if it was due at once. */
  readonly dueAt: number | null
}

/** A row of the outbox at the end. */
export interface FinalRow {
  readonly id: string
  readonly status: 'PENDING' | 'PUBLISHED' | 'DEAD'
  readonly deadReason: string | null
  readonly attempts: number
}

/** What a consumer has made of a message. */
export interface Effect {
  readonly id: string
  readonly topic: string
  readonly key: string | null
  readonly payload: string
  readonly consumer: string
}

/** What stands in the other tables when every relay has left. */
export interface Leftovers {
  readonly holds: number
  readonly suspects: number
  /** Lanes that belong to somebody. */
  readonly ownedLanes: number
  readonly lanes: number
}

/** What several witnesses say who do not know of each other. */
export interface Evidence {
  /** The database's log of commits. */
  readonly committed: readonly CommittedMessage[]
  /** The broker's log, in its order. */
  readonly accepted: readonly Acceptance[]
  /** The outbox. */
  readonly rows: readonly FinalRow[]
  readonly rowsKept: boolean
  readonly leftovers: Leftovers
  /** Deaths that a redrive ended. */
  readonly redriven: readonly { readonly id: string; readonly reason: string }[]
  /** Of the consumers, in the order in which they were written; null if there were none. */
  readonly effects: readonly Effect[] | null
  /** Topics whose keys keep their order up to the effect. */
  readonly orderedTopics: readonly string[]
  /** What was done to the relays. */
  readonly lives: readonly RelayLife[]
  readonly leaseMs: number
  /** The broker may have what it has said no to. */
  readonly refusesInPart: boolean
}
