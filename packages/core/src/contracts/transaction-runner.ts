/** Isolation levels by their SQL names. */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

export interface TransactionOptions {
  /** The database's default if absent. @throws CONFIGURATION if the database does not have it. */
  readonly isolation?: IsolationLevel
  /** Rolls back and rejects with `signal.reason`. */
  readonly signal?: AbortSignal
}

/** Opens transactions: one connection each, committed when `work` resolves, rolled back when it rejects. */
export interface TransactionRunner<out Tx> {
  /**
   * - MUST commit before it resolves (`transaction/commits`), and roll back before it rejects with what `work` threw
   *   (`transaction/rolls-back`).
   * - MUST roll back and reject with `signal.reason` when the signal fires before the commit
   *   (`transaction/rolls-back-when-aborted`).
   * - MUST give concurrent calls transactions of their own, or one after the other where there is one writer
   *   (`transaction/concurrent-calls-are-separate`).
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
}
