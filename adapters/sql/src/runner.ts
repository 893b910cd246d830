import type { IsolationLevel, TransactionOptions, TransactionRunner } from '@waybill/core/contracts'
import type { AnyKysely, AnyTransaction } from './kysely-executor.ts'
import { untilAborted } from './until-aborted.ts'

export interface RunnerParts {
  /** Used where a call names none. @default that of the database or the role */
  readonly isolation?: IsolationLevel | undefined
  /** Names what the driver throws. */
  classify(error: unknown): unknown
}

/** Opens a transaction, hands it to `work`, and commits it, or rolls it back if `work` rejects. */
export type Transact<Tx> = <T>(work: (tx: Tx) => Promise<T>, isolation: IsolationLevel | undefined) => Promise<T>

/** What `work` rejects with passes unchanged; what else befalls the transaction is named. */
export function transactionRunner<Tx>(transact: Transact<Tx>, parts: RunnerParts): TransactionRunner<Tx> {
  return {
    async transaction<T>(work: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
      const { isolation = parts.isolation, signal } = options
      signal?.throwIfAborted()
      let thrown: { readonly error: unknown } | undefined
      try {
        return await transact(async (tx) => {
          try {
            return await untilAborted(work(tx), signal)
          } catch (error) {
            thrown = { error }
            throw error
          }
        }, isolation)
      } catch (error) {
        throw thrown === undefined ? parts.classify(error) : thrown.error
      }
    },
  }
}

/** Transactions of the application's Kysely instance. */
export function kyselyRunner(db: AnyKysely, parts: RunnerParts): TransactionRunner<AnyTransaction> {
  return transactionRunner((work, isolation) => {
    const builder = db.transaction()
    return endExclusively((within) =>
      (isolation === undefined ? builder : builder.setIsolationLevel(isolation)).execute((tx) => within(tx, work)),
    )
  }, parts)
}

/** Runs work in a transaction, and from its end on lets nothing else onto the connection. */
export type Within = <T>(tx: AnyTransaction, work: (tx: AnyTransaction) => Promise<T>) => Promise<T>

/**
 * Kysely refuses statements of a transaction that has ended, but knows that it has only when the server has answered: one that
 * an aborted work sends meanwhile would come after the rollback, and commit by itself. So the end of a transaction takes its
 * turn on the connection like a statement. What waits behind it is refused by Kysely.
 *
 * @param execute - Opens the transaction and calls `within` in it. It may do so again after a failure.
 */
export async function endExclusively<T>(execute: (within: Within) => Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<void>()
  try {
    return await execute(async (tx, work) => {
      try {
        return await work(tx)
      } finally {
        const taken = Promise.withResolvers<void>()
        const turn = tx.getExecutor().provideConnection(() => {
          taken.resolve()
          return ended.promise
        })
        turn.catch(taken.reject)
        await taken.promise
      }
    })
  } finally {
    ended.resolve()
  }
}
