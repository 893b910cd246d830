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
    return (isolation === undefined ? builder : builder.setIsolationLevel(isolation)).execute(work)
  }, parts)
}
