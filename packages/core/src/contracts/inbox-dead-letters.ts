import type { DeliverySource, RawDelivery } from './broker-consumer.ts'
import type { Receipt } from './inbox-storage.ts'
import type { Message } from './message.ts'
import type { OperationOptions } from './operation-options.ts'
import type { FailureSummary } from './settlement.ts'

/** Why a consumer gave up a message. */
export type InboxDeadReason = 'attempts-exhausted' | 'rejected' | 'unreadable' | 'no-handler' | 'crashes'

/** A delivery that its consumer gave up, with all that is needed to handle it once more or to understand it. */
export interface InboxBurial {
  /** Consumer and key: a consumer has one dead letter of a key. */
  readonly receipt: Receipt
  /** What order is kept within: `orderingScope` of the message; absent if it is not a message. */
  readonly scope?: string
  /** Absent if the delivery is not a message of ours. */
  readonly message?: Message
  /** As the broker delivered it, kept bit for bit also when {@link message} is absent. */
  readonly raw: RawDelivery
  readonly source: DeliverySource
  readonly reason: InboxDeadReason
  readonly error: FailureSummary
  /** Attempts spent on it this time. */
  readonly attempts: number
  /**
   * Comes back by itself after so many milliseconds, by the database's clock, which counts as a redrive at once. Absent: only
   * when an operator asks.
   */
  readonly redriveInMs?: number
}

export interface InboxDeadLetter extends Omit<InboxBurial, 'redriveInMs'> {
  /** Attempts spent in all its lives. */
  readonly attempts: number
  /** How often it was made to come back, by an operator or by {@link InboxBurial.redriveInMs}. */
  readonly redrives: number
  /** Milliseconds since the epoch, database's clock: of its latest death. */
  readonly diedAt: number
  /** In how many milliseconds it comes back; negative: it is due. `null`: it stays until somebody asks. */
  readonly redriveInMs: number | null
  /** What the handler gets instead of the message's payload; the original stays in {@link message} and {@link raw}. */
  readonly editedPayload?: Uint8Array
}

/** All given conditions must hold. An empty filter is refused unless `all: true` says that it is meant. */
export interface InboxDeadLetterFilter {
  readonly consumer?: string
  readonly keys?: readonly string[]
  readonly topic?: string
  readonly type?: string
  readonly orderingKey?: string
  readonly reason?: InboxDeadReason
  readonly all?: true
}

export interface InboxRedriveOptions extends OperationOptions {
  /** Spreads them over time, oldest burial first (the order within a scope), so that a flood does not follow an outage. @default no limit */
  readonly perSecond?: number
  /** Changes nothing and answers how many it would be. @default false */
  readonly dryRun?: boolean
}

/** Dead letters in the consumer's own database. Implemented by storage adapters. Rules: `letters/*`. */
export interface InboxDeadLetters<in Tx> {
  /**
   * Writes a dead letter in a transaction of its own, durable when it resolves: the delivery is acknowledged after that.
   *
   * - A consumer has one of a key: burying it again adds up `attempts`, keeps `redrives` (one higher with `redriveInMs`), the
   *   place in its scope and the edited payload, and takes the new reason, error and time (`letters/one-of-a-key`).
   * - Letters of its scope that were waiting to come back after it stay dead as well
   *   (`letters/those-behind-a-failed-one-stay`).
   * - Body, headers and key come back bit for bit, also what is no text (`letters/keep-what-was-delivered`).
   */
  bury(burial: InboxBurial): Promise<void>
  /**
   * What has come back and is due, by age of the burial: of each scope only the oldest that is due
   * (`letters/come-back-in-order-within-a-scope`). `nextDueInMs`: when the next one falls due that is not
   * due yet; `null`: none does.
   */
  due(
    consumer: string,
    limit: number,
  ): Promise<{ readonly letters: readonly InboxDeadLetter[]; readonly nextDueInMs: number | null }>
  /**
   * Takes a letter that is due out of the table, in the transaction that handles it: a rollback brings it back as it was.
   * `false`, without waiting: somebody else has it, it is gone, no longer due, or no longer the oldest of its scope that is
   * due (`letters/one-of-two-takes-it`).
   */
  take(tx: Tx, receipt: Receipt): Promise<boolean>
  /** Oldest burial first. `limit` defaults to 100. An empty filter lists all. */
  list(
    filter?: InboxDeadLetterFilter & { readonly limit?: number },
    options?: OperationOptions,
  ): Promise<readonly InboxDeadLetter[]>
  /**
   * Lets them come back to their consumer, each with `redrives` one higher. Passes over what is no message. Answers how many.
   *
   * @throws {@link ConfigurationError} on an empty filter without `all: true`.
   */
  redrive(filter: InboxDeadLetterFilter, options?: InboxRedriveOptions): Promise<number>
  /** Replaces what the handler gets; `null` goes back to the original. Answers `false` if there is no such letter. */
  edit(receipt: Receipt, payload: Uint8Array | null, options?: OperationOptions): Promise<boolean>
  /** Removes them for ever. Answers how many. Refuses an empty filter as {@link redrive} does. */
  discard(filter: InboxDeadLetterFilter, options?: OperationOptions): Promise<number>
}
