import type { PlainMessage } from '../../brokers/plain-message.ts'

/** A message that somebody has read from the outbox. */
export interface HandRow {
  readonly position: number
  readonly message: PlainMessage
}

/** The statements of somebody's own loops, on connections of their own, with the settings and the columns of the storage. */
export interface HandOutbox extends AsyncDisposable {
  /** In order, after a position. May be asked while {@link settle} is on its way. */
  read(after: number, limit: number): Promise<readonly HandRow[]>
  /** @param keeps - They stay as PUBLISHED instead of being deleted. */
  settle(rows: readonly HandRow[], keeps: boolean): Promise<void>
  /** Absent where rows cannot be locked. */
  readonly skipLocked?: SkipLocked
}

export interface SkipLocked {
  /** Leases rows for a while, in a transaction of its own; {@link HandOutbox.settle} ends it. */
  lease(limit: number): Promise<readonly HandRow[]>
  /** Locks rows, does the work, deletes them and commits. Answers how many there were. */
  inTransaction(limit: number, work: (rows: readonly HandRow[]) => Promise<void>): Promise<number>
}
