import type { DeadReason, FailureSummary, OutboxMessage } from '../contracts/index.ts'

/**
 * Place of a message in the outbox: drawn at the insert, ascending, never given twice while the database lives. A safe
 * integer; a store refuses a database whose positions have grown beyond.
 */
export type Position = number

/** How many lanes an outbox has. Part of the schema: it never changes for a table. */
export const laneCount = 64

/** A pending message as a store reads it. */
export interface LaneRow {
  readonly position: Position
  readonly lane: number
  /** Attempts spent. */
  readonly attempts: number
  /** Crashes written at the last retry; a suspect's newer count stands with the suspect. */
  readonly crashes: number
  /** It has an `availableAt`: it is read when due, wherever the floor is. */
  readonly scheduled: boolean
  /** `expiresAt` lies in the past of the reading statement. */
  readonly expired: boolean
  readonly message: OutboxMessage
}

/** A key that waits. Stored, so that a new owner of the lane knows it before its first claim. */
export interface Hold {
  readonly topic: string
  /** `orderingKey ?? id`. */
  readonly key: string
  readonly lane: number
  /** The message whose retry (or suspicion) holds the key. */
  readonly head: Position
  /** Milliseconds since the epoch by the database's clock. */
  readonly dueAt: number
}

/** A message that a relay left in its window when it ended. */
export interface Suspect {
  readonly position: Position
  readonly lane: number
  readonly crashes: number
}

/** One read of pending rows: one statement, one snapshot. */
export interface LaneRead {
  /** Lanes to read; `null` for all of them (then no filter is needed). */
  readonly lanes: readonly number[] | null
  /** Rows after this position, and scheduled rows that are due wherever they stand. */
  readonly after: Position
  /** Rows up to this position; `null` for no end. With an end, scheduled rows are left out. */
  readonly upTo: Position | null
  /** In flight already: left out. */
  readonly exclude: readonly Position[]
  /** Only this topic, or `null` for all. */
  readonly onlyTopic: string | null
  readonly skipTopics: readonly string[]
  /** Keys of which too much is waiting to be read and passed over each time. */
  readonly skipKeys: readonly { readonly topic: string; readonly key: string }[]
  readonly limit: number
  /** Ids of open writers (from {@link WriterBarrier}) of which the caller wants to know whether they have ended. */
  readonly watch: readonly string[]
}

export interface LaneReadResult {
  /** By position. Complete up to `limit`. */
  readonly rows: readonly LaneRow[]
  /** The database's clock, in milliseconds since the epoch. */
  readonly now: number
  /** Of `watch`: those that this read's own snapshot shows as ended. Their locks do not count: they outlive visibility. */
  readonly endedWriters: readonly string[]
  /** When the next scheduled row of these lanes falls due, if the read was not full; else `null`. */
  readonly nextAvailableAt: number | null
  /**
   * Identity of the database's history: server, timeline, connection. When it changes, positions may have been drawn twice
   * and commits may have been lost, and the reader forgets its floor.
   */
  readonly epoch: string
}

/** What has been drawn and who may still commit below it, in this order: first `last` is read, then `writers`. */
export interface WriterBarrier {
  /** The highest position drawn. */
  readonly last: Position
  /** Transactions that may have drawn positions up to `last` and hold their locks still. */
  readonly writers: readonly string[]
}

export interface RelayRecord {
  readonly id: string
  readonly label: string
  /** Has settled an outcome or found nothing to claim: it may own a full share. */
  readonly trusted: boolean
  /** The lease lies in the past, or further ahead than `leaseMs` (the clock was set back). */
  readonly expired: boolean
  readonly window: readonly Position[]
}

/** Positions are matched with ids, so that a position drawn twice across a failover cannot settle the wrong message. */
export interface RowRef {
  readonly position: Position
  readonly id: string
}

/**
 * What leased lanes need of a database. Each method is one atomic step; none contains a decision. Stores implement this,
 * `laneSource` makes a `RelaySource` of it.
 *
 * Errors are {@link StorageError}s. All methods may run beside each other.
 */
export interface LaneStore {
  readonly name: string
  /**
   * Reads tell by their own snapshot which writers have ended ({@link LaneReadResult.endedWriters}). Absent: no writer is
   * ever left behind, and one that stays open keeps the floor where it is.
   */
  readonly tellsEndedWriters?: true
  /** Adds the relay's row with a fresh lease; also the place to check the schema. */
  addRelay(relay: { readonly id: string; readonly label: string; readonly leaseMs: number }): Promise<void>
  /** Sets the lease to now + the relay's `leaseMs`, on a connection that never waits. `false`: the row is gone. */
  renew(relayId: string): Promise<boolean>
  /**
   * Absent: positions are commit order (one writer at a time), and a floor may pass whatever a read has seen.
   *
   * A store that can list its open writers answers them. One that cannot answers `null`: then the floor never moves.
   */
  barrier?(): Promise<WriterBarrier | null>
  read(request: LaneRead): Promise<LaneReadResult>
  /**
   * Writes the window and renews, in one durable commit. `false`: the row is gone, or the database's history is not `epoch`
   * any more ({@link LaneReadResult.epoch}); nothing was written. Rows that were read in another history may never have been
   * committed in this one. A database that cannot lose a commit that it has shown need not look at `epoch`.
   */
  mark(relayId: string, window: readonly Position[], epoch?: string): Promise<boolean>
  /**
   * Makes pending rows PUBLISHED or removes them, addressed one by one, never by range. Rows locked by somebody else may be
   * left. Answers those that are no longer pending by now, whoever did it.
   */
  publish(rows: readonly RowRef[]): Promise<readonly Position[]>
  /**
   * Runs `work` in one transaction, alone among all that touch the relays' and lanes' tables or as if so. A store may run it
   * again when somebody else came between, so `work` changes nothing but what it is given; its last answer counts.
   */
  transaction<T>(work: (tx: LaneTransaction) => Promise<T>): Promise<T>
}

/** Steps of a transaction on the tables around the messages. Rare: nothing here runs for a batch without a failure. */
export interface LaneTransaction {
  /** The database's clock, in milliseconds since the epoch. */
  now(): Promise<number>
  /**
   * Whether the relay's row is still there, held against removal until the transaction ends. A check by a plain snapshot is
   * not enough: it was seen to let a settlement through after a takeover had committed.
   */
  holdRelay(relayId: string): Promise<boolean>
  /** All relays, held against change until the end of the transaction. */
  relays(): Promise<readonly RelayRecord[]>
  removeRelay(relayId: string): Promise<void>
  trustRelay(relayId: string): Promise<void>
  /** Owner by lane, for all lanes; `null` for a free one. */
  owners(): Promise<readonly (string | null)[]>
  assign(lanes: readonly number[], owner: string | null): Promise<void>
  setWindow(relayId: string, window: readonly Position[]): Promise<void>
  /** Those of the positions that are pending, by position. */
  pending(
    positions: readonly Position[],
  ): Promise<readonly Pick<LaneRow, 'position' | 'lane' | 'crashes' | 'message'>[]>
  holds(lanes: readonly number[]): Promise<readonly Hold[]>
  /** Inserts or replaces, by topic and key; no two of them are of one key. */
  putHolds(holds: readonly Hold[]): Promise<void>
  /** Removes the hold of each key of which `head` is still the head. */
  removeHolds(holds: readonly Pick<Hold, 'topic' | 'key' | 'head'>[]): Promise<void>
  suspects(lanes: readonly number[]): Promise<readonly Suspect[]>
  /** Inserts or replaces, by position; no two of them are of one. */
  putSuspects(suspects: readonly Suspect[]): Promise<void>
  removeSuspects(positions: readonly Position[]): Promise<void>
  /** Writes the outcome of a failed attempt, the same for all, to those rows that are pending; `attempts` is the new count. */
  retry(
    rows: readonly RowRef[],
    change: { readonly attempts: number; readonly crashes: number; readonly error: FailureSummary },
  ): Promise<void>
  /** Makes pending rows DEAD; not the only place that may end a message, so a row that is not pending stays as it is. */
  bury(
    rows: readonly RowRef[],
    change: {
      readonly attempts: number
      readonly crashes: number
      readonly reason: DeadReason
      readonly error: FailureSummary
    },
  ): Promise<void>
}
