import type { OutboxMessage } from './message.ts'
import type { OperationOptions } from './operation-options.ts'
import type { DeadReason, FailureSummary } from './settlement.ts'

/** The states of a message. PROCESSING may be derived (it stands in a live relay's window) instead of stored. */
export type MessageStatus = 'PENDING' | 'PROCESSING' | 'PUBLISHED' | 'DEAD'

/** Why a pending message is not being published at this moment. */
export type Obstacle =
  | { readonly type: 'scheduled'; readonly dueInMs: number }
  /** Its own retry, or that of an earlier message of its key, is not due yet. */
  | { readonly type: 'held'; readonly by: string; readonly dueInMs: number }
  /** An earlier message of its key comes first. */
  | { readonly type: 'behind'; readonly messageId: string }
  /** No live relay owns its lane. */
  | { readonly type: 'no-relay' }

/** Everything an operator asks about one message. */
export interface MessageInspection {
  readonly message: OutboxMessage
  readonly status: MessageStatus
  /** Attempts spent. */
  readonly attempts: number
  readonly crashes: number
  readonly suspect: boolean
  readonly lane: number
  /** Label and session of the relay that owns the lane now. */
  readonly owner: { readonly label: string; readonly session: string } | null
  /** Empty when nothing stands in its way, or when it is not pending. */
  readonly obstacles: readonly Obstacle[]
  readonly lastError: FailureSummary | null
}

export interface OutboxCounts {
  readonly pending: number
  /** Pending and in a live relay's window; not part of {@link pending}. */
  readonly processing: number
  readonly published: number
  readonly dead: number
  /** Age of the oldest message that is pending and due, by the database's clock; `null` if there is none. */
  readonly oldestPendingAgeMs: number | null
}

export interface DeadLetter {
  readonly message: OutboxMessage
  readonly reason: DeadReason
  readonly error: FailureSummary
  readonly attempts: number
  readonly crashes: number
  /** Milliseconds since the epoch, database's clock. */
  readonly diedAt: number
}

/** Which dead letters. All given conditions must hold. An empty filter is refused unless `all: true` says that it is meant. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[]
  readonly topic?: string
  readonly type?: string
  readonly orderingKey?: string
  readonly reason?: DeadReason
  readonly all?: true
}

/** What operators do with dead letters. Safe while relays run. */
export interface OutboxDeadLetters {
  /** Oldest death first. `limit` defaults to 100. An empty filter lists all. */
  list(
    filter?: DeadLetterFilter & { readonly limit?: number },
    options?: OperationOptions,
  ): Promise<readonly DeadLetter[]>
  /**
   * Makes them pending again, each with a new position (at the end of its key), its id, no attempts, no crashes and no
   * `expiresAt` (`dead-letters/*`). Answers how many.
   *
   * @throws {@link ConfigurationError} on an empty filter without `all: true`.
   */
  redrive(filter: DeadLetterFilter, options?: OperationOptions): Promise<number>
  /** Removes them for ever. Answers how many. Refuses an empty filter as {@link redrive} does. */
  discard(filter: DeadLetterFilter, options?: OperationOptions): Promise<number>
}

export interface PruneOptions extends OperationOptions {
  /** Removes published messages older than this, in milliseconds by the database's clock. */
  readonly olderThanMs: number
  /** Rows per transaction, so that producers are not held up. @default 1000 */
  readonly batchSize?: number
}

/** What operators and health checks ask of an outbox (`inspect/*`, `count/*`, `prune/*`). */
export interface OutboxAdmin {
  /** `null`: there is no such message (any more). */
  inspect(id: string, options?: OperationOptions): Promise<MessageInspection | null>
  count(options?: OperationOptions): Promise<OutboxCounts>
  /** Removes published history in bounded transactions. Never touches a message in another status. Answers how many. */
  prune(options: PruneOptions): Promise<number>
  readonly deadLetters: OutboxDeadLetters
}
