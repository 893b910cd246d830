import type { OutboxMessage } from './message.ts'
import type { OperationOptions } from './operation-options.ts'
import type { Settlement, SettleResult } from './settlement.ts'
import type { WakeupSource } from './wakeup-source.ts'

/** One life of one relay at one storage. Opaque to core; ends with {@link RelaySource.leave} or with its lease. */
export interface RelaySession {
  /** Fresh for every session, for logs. */
  readonly id: string
  /** Lanes that the session owns at present, for health checks. Absent: the storage does not share work by lanes. */
  readonly lanes?: ReadonlySet<number>
}

/** Possession of one claimed message. Opaque to core, compared by identity, and dead with its session. */
export type ClaimToken = object

/** How much a claim may hand out, and of what. */
export interface ClaimRequest {
  /** Messages handed out at most. What is passed over does not count. */
  readonly limit: number
  /** Sum of payload bytes handed out at most; a single larger message is handed out alone. */
  readonly maxBytes: number
  /** At most this many messages of one key while other keys wait. Absent: no such limit. */
  readonly keyLimit?: number
  /** Topics whose destination is down: nothing of them is handed out. */
  readonly skipTopics: readonly string[]
  /** Of these topics (all of them also in {@link skipTopics}) one message each, going round the keys from call to call. */
  readonly probeTopics: readonly string[]
}

/** A message in the hands of a relay. */
export interface ClaimedMessage {
  readonly message: OutboxMessage
  readonly token: ClaimToken
  /** Attempts spent, plus one. */
  readonly attempt: number
  /** How often a relay ended while it was publishing this message alone. */
  readonly crashes: number
  /** A relay ended while it was publishing this message: it must be published alone. Handed out alone. */
  readonly suspect: boolean
  /** Its `expiresAt` has passed by the database's clock. Core settles it dead, unpublished. */
  readonly expired: boolean
}

export interface ClaimResult {
  /** In the order in which they must be published; in order within each key. */
  readonly messages: readonly ClaimedMessage[]
  /** Claim again at once: `limit`, `maxBytes` or `keyLimit` stopped this claim. */
  readonly more: boolean
  /**
   * When to claim again at the latest, in milliseconds: the next hold, suspect or scheduled message of this session falls
   * due, or the storage has to look after its membership. `null`: nothing is known to come.
   */
  readonly nextDueInMs: number | null
  /** Messages that a sweep found where none could be. Not 0 only if the storage or a producer breaks a rule. */
  readonly anomalies: number
}

/**
 * Hands the messages of an outbox to relays, each to one relay at a time, in order per key. Implemented by storage
 * adapters, most of them by `laneSource` of `@waybill/core/lanes`; driven by `Relay`.
 *
 * Concurrency: within a session core calls `claim` once at a time; `markPublishing`, `renew` and `settle` may run beside it
 * and beside each other. Every method may reject with a {@link StorageError}; when it is retryable, core repeats the call
 * with the same arguments, so all of them MUST be safe to repeat (`settle/is-idempotent`).
 */
export interface RelaySource {
  readonly specificationVersion: 'v1'
  readonly name: string
  /**
   * Opens a session (`join/*`) whose possessions last `leaseMs` after the last {@link renew} or {@link markPublishing}, by the
   * database's clock.
   *
   * @throws {@link StorageError} `SCHEMA_STALE` or `SCHEMA_TOO_NEW` when the schema and this build do not fit.
   */
  join(options: { readonly label: string; readonly leaseMs: number }): Promise<RelaySession>
  /**
   * Ends a session and frees what it holds (`lease/leave-frees-at-once`). Messages in its window are treated as after a
   * crash: their outcome is unknown (`lease/leaving-with-a-window-leaves-suspects`). Of a session that has ended already:
   * does nothing.
   */
  leave(session: RelaySession): Promise<void>
  /**
   * Hands out messages that are due.
   *
   * - MUST NOT hand out what another live session may publish (`claim/is-exclusive`).
   * - MUST hand out a key's messages in order, and nothing of a key that an unsettled `retry` holds back
   *   (`claim/keeps-key-order`, `settle/retry-holds-the-key`); other keys go on (`settle/retry-holds-only-its-key`).
   * - MUST NOT spend anything: claims, releases and ended leases leave `attempt` as it is (`claim/spends-nothing`).
   * - MUST hand out again what an ended session held (`lease/expired-work-is-handed-out-again`).
   * - MUST hand out a suspect alone, after a backoff (`lease/suspects-come-alone`).
   * - MUST judge `availableAt` and `expiresAt` by the database's clock (`claim/waits-until-available`, `claim/tells-expired`).
   * - `limit` and `maxBytes` count what is handed out, not what is passed over (`claim/limit-counts-handed-out`).
   * - MUST hand out everything that has been committed, in whatever order transactions commit, and all keys of ended
   *   sessions to those that live (`claim/*`, `lease/*`).
   * - A session whose lease has ended gets no messages (`claim/ended-session-gets-nothing`).
   */
  claim(session: RelaySession, request: ClaimRequest, options?: OperationOptions): Promise<ClaimResult>
  /**
   * Writes down, durably, that these messages and no others may now be handed to the broker (the *window*), and renews the
   * lease. Replaces the window: core names every message that the broker may get or have got and whose outcome is not known,
   * which is a batch before its publish calls, or the batch that is being published with the next one. Tokens that have been
   * settled are passed over (`lease/settled-messages-do-not-come-back`). Also makes durable what `claim` read.
   *
   * Answers the tokens that may not be published, because the session has lost them
   * (`lease/ended-session-may-not-publish`).
   */
  markPublishing(session: RelaySession, tokens: readonly ClaimToken[]): Promise<SettleResult>
  /**
   * Extends the lease (`lease/renewal-keeps-possession`), and never queues behind a claim or a settlement that waits.
   *
   * `held: false`: the session has ended; nothing that it claimed may be published.
   */
  renew(session: RelaySession): Promise<{ readonly held: boolean }>
  /**
   * Applies a batch of settlements, each independently of the others (`settle/mixed-batch-applies-independently`).
   *
   * - `published` MUST be applied whoever says it, also after the lease (`settle/published-needs-no-lease`).
   * - `retry` and `dead` MUST be refused, and reported lost, if the session has ended, even if that happens while this call
   *   waits (`settle/rejects-stale-claim`).
   * - A settled token leaves the window (`lease/settled-messages-are-no-suspects`).
   * - A `retry` holds back its key until it is due, also in the hands of another session, and nothing else (`settle/*`).
   * - Repeating a call MUST change nothing (`settle/is-idempotent`).
   */
  settle(session: RelaySession, settlements: readonly Settlement[]): Promise<SettleResult>
  /** Hints about messages from other processes. Wakeups within the process are core's own. */
  readonly wakeups?: WakeupSource
}
