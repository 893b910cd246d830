import type { DatabaseSync } from 'node:sqlite'

/** What an open transaction is: a connection with which `BEGIN` has been executed. */
export type NodeSqliteTransaction = DatabaseSync

/** What the storage and the inbox are made of. */
export interface NodeSqliteOptions {
  /** The database file, with the business tables in it; made if it is not there. */
  readonly file: string
  /** How long published messages are kept, in milliseconds; 0 removes them at once. @default 86_400_000 (24 hours) */
  readonly retentionMs?: number
  /** How long to wait for somebody else's transaction, in milliseconds. @default 5000 */
  readonly lockTimeoutMs?: number
  /** Milliseconds since the epoch: the clock of the database, which has none of its own. @default Date.now */
  readonly now?: () => number
  /** Milliseconds, by a clock that nobody sets. @default performance.now */
  readonly monotonicNow?: () => number
}
