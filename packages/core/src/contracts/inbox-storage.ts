import type { CommandStorage } from './command-storage.ts'
import type { CrashMarks } from './crash-marks.ts'
import type { InboxDeadLetters } from './inbox-dead-letters.ts'
import type { PruneOptions } from './outbox-admin.ts'
import type { TransitionLog } from './transition-log.ts'

/** Marks that one consumer has handled one message. */
export interface Receipt {
  /** Name of the consumer: each has receipts of its own. */
  readonly consumer: string
  /** The message's id, or what `dedupKey` made of the message. Compared byte for byte. */
  readonly key: string
}

/** `duplicate`: this consumer has a committed receipt of that key. */
export type ReceiptOutcome = 'recorded' | 'duplicate'

/**
 * Keeps receipts in the consumer's own database, in the transaction of the effect. Implemented by storage adapters;
 * applications use `Consumer` or `Inbox`. Rules: `record/*`, `receipts/*`, `inbox/*`.
 */
export interface InboxStorage<in Tx> {
  readonly specificationVersion: 'v1'
  readonly name: string
  /**
   * Writes the receipts first in the caller's transaction.
   *
   * - Outcomes align by index (`record/outcomes-align`).
   * - A receipt whose transaction rolled back can be recorded again (`record/rolled-back-receipt-can-be-recorded-again`).
   * - Of two transactions that record one receipt at the same time, one gets `recorded`; the other waits and then gets
   *   `duplicate`, or `recorded` if the first rolled back (`record/two-concurrent-transactions-yield-one-recorded`).
   * - MUST insert in the order of the keys, so that two batches cannot deadlock (`record/batches-do-not-deadlock`).
   * - The same receipt twice in one call: the second is a `duplicate` (`record/second-in-a-call-is-a-duplicate`).
   * - MUST refuse a handle that is not in a transaction with `TRANSACTION_REQUIRED` (`record/needs-a-transaction`).
   * - Consumers do not share receipts (`record/consumers-are-independent`).
   */
  record(tx: Tx, receipts: readonly Receipt[]): Promise<readonly ReceiptOutcome[]>
  /** Removes receipts older than `olderThanMs` in bounded transactions, and crash marks as old. Answers how many receipts. */
  prune(options: PruneOptions): Promise<number>
  /** Absent: a message that ends its process is delivered until the broker gives up. */
  readonly crashes?: CrashMarks<Tx>
  /** Absent: what is given up goes where the broker puts dead letters, or away. */
  readonly deadLetters?: InboxDeadLetters<Tx>
  readonly commands?: CommandStorage<Tx>
  readonly transitions?: TransitionLog<Tx>
}
