import type { Receipt } from './inbox-storage.ts'

/**
 * Remembers handlers that were begun and never came to an end, so that a message which takes its process with it is found.
 * `Consumer` marks only what the broker may have delivered before: a message that works costs no extra write. A beginning is one
 * stay of a message in one process; whoever begins gives it a name that nothing else has (at most 255 characters).
 * Rules: `crash/*`.
 */
export interface CrashMarks<in Tx> {
  /**
   * Names of the beginnings of this receipt that have no end, oldest first; writes nothing
   * (`crash/counts-beginnings-without-end`). Asked before {@link begin}: what has any runs alone in its process, so that it is
   * not blamed for what its neighbours do.
   */
  list(receipt: Receipt): Promise<readonly string[]>
  /**
   * In a transaction of its own, which has committed when it resolves (`crash/begin-is-durable`). Repeated with the same name it
   * is one beginning: its answer may have been lost (`crash/beginning-counts-once`).
   */
  begin(receipt: Receipt, beginning: string): Promise<void>
  /**
   * Takes away this beginning and no other, in a transaction of its own: its handler came to an end and left the process alive
   * (`crash/withdraws-one-beginning`). Does nothing if it is not there.
   */
  withdraw(receipt: Receipt, beginning: string): Promise<void>
  /**
   * Forgets all beginnings, in the transaction of the effect: a rollback keeps them (`crash/end-belongs-to-its-transaction`).
   * Does nothing if there are none.
   */
  end(tx: Tx, receipt: Receipt): Promise<void>
  /** As {@link end} in a transaction of its own: for a message that was given up for another reason. */
  forget(receipt: Receipt): Promise<void>
}
