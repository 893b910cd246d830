import type { Receipt } from './inbox-storage.ts'

/**
 * Remembers handlers that were begun and never came to an end, so that a message which takes its process with it is found.
 * `Consumer` marks only what the broker may have delivered before: a message that works costs no extra write. Rules: `crash/*`.
 */
export interface CrashMarks<in Tx> {
  /**
   * How many beginnings of this receipt have no end; writes nothing (`crash/counts-beginnings-without-end`). Asked before
   * {@link begin}: what has any runs alone in its process, so that it is not blamed for what its neighbours do.
   */
  count(receipt: Receipt): Promise<number>
  /**
   * In a transaction of its own, which has committed when it resolves (`crash/begin-is-durable`). Answers how many
   * beginnings of this receipt have no end, this one included (`crash/counts-beginnings-without-end`).
   */
  begin(receipt: Receipt): Promise<number>
  /**
   * Forgets the beginnings, in the transaction of the effect: a rollback keeps them (`crash/end-belongs-to-its-transaction`).
   * Does nothing if there are none.
   */
  end(tx: Tx, receipt: Receipt): Promise<void>
  /** As {@link end} in a transaction of its own: for a handler that failed and left the process alive. */
  forget(receipt: Receipt): Promise<void>
}
