import type { OutboxMessage } from './message.ts'

/**
 * Writes messages inside the caller's transaction. Implemented by storage adapters; applications use `Outbox`.
 *
 * @typeParam Tx - What the adapter accepts as an open transaction. There is no default and no ambient transaction: a
 *   write outside the business transaction loses messages or invents them.
 */
export interface OutboxWriter<in Tx> {
  /** Version of this contract; `v1`. */
  readonly specificationVersion: 'v1'
  /** For logs, errors and reports, for example `sqlite`. */
  readonly name: string
  /**
   * Inserts the messages, in their order, in one statement where the database has one.
   *
   * - MUST take part in `tx`: a rollback leaves nothing (`insert/rolls-back`), and nothing is handed to a relay before
   *   the commit (`insert/visible-only-after-commit`).
   * - MUST give the messages ascending positions in the order of the array (`insert/keeps-array-order`).
   * - MUST keep every byte of the payload and every character of headers, keys and ids (`insert/preserves-contents`).
   * - MUST refuse a handle that is not in a transaction with `TRANSACTION_REQUIRED`, writing nothing
   *   (`insert/needs-a-transaction`).
   * - MUST refuse an id that is already in the outbox with `DUPLICATE_MESSAGE` (`insert/refuses-a-known-id`).
   * - MUST compare ids byte for byte (`insert/compares-ids-byte-for-byte`).
   * - MUST accept an empty array and write nothing (`insert/accepts-an-empty-array`).
   * - A plain INSERT by another program, of what has no default, MUST do the same (`insert/plain-insert-is-claimable`).
   * - Nothing is kept of `tx` after the call.
   *
   * @throws {@link StorageError}, {@link TransactionError}; the transaction is then the caller's to roll back.
   */
  insert(tx: Tx, messages: readonly OutboxMessage[]): Promise<void>
  /**
   * Waits until no other open transaction has locked this scope (of `orderingScope`), and locks it until `tx` ends. Called
   * before {@link insert} for those who enqueue before they lock what their messages speak of: positions of the key are then
   * drawn in the order of the commits (`insert/lock-key-waits-for-its-turn`). Its presence is the capability; a storage with
   * one writer at a time has nothing to wait for.
   */
  lockKey?(tx: Tx, scope: string): Promise<void>
  /**
   * As {@link insert}, for drivers whose calls are synchronous: it MUST have written when it returns
   * (`insert/synchronous-insert-belongs-to-its-transaction`). Its presence is the capability.
   */
  insertSync?(tx: Tx, messages: readonly OutboxMessage[]): void
}
