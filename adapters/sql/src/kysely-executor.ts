import { TransactionError } from '@waybill/core/contracts'
import type { Kysely, QueryExecutor, Transaction } from 'kysely'
import type { SqlExecutor } from './executor.ts'

/** Kysely is invariant in its tables: this is any instance, whatever tables the application has. */
// biome-ignore lint/suspicious/noExplicitAny: no other type takes every Kysely<T>.
export type AnyKysely = Kysely<any>

/** This is any open transaction of Kysely. An instance that is not a transaction does not fit. */
// biome-ignore lint/suspicious/noExplicitAny: no other type takes every Transaction<T>.
export type AnyTransaction = Transaction<any>

/** Runs our statements on the application's Kysely. `classify` names what the driver throws. */
export function kyselyExecutor(
  db: Pick<QueryExecutor, 'executeQuery'>,
  classify: (error: unknown) => unknown,
): SqlExecutor {
  return {
    async execute(statement) {
      try {
        const { rows, numAffectedRows } = await db.executeQuery(statement)
        return { rows, affected: Number(numAffectedRows ?? 0) }
      } catch (error) {
        throw hasEnded(error)
          ? new TransactionError(`${error.message}: await every enqueue inside the callback of the transaction`)
          : classify(error)
      }
    },
  }
}

/** Kysely refuses the use of an ended transaction with a plain Error. */
function hasEnded(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith('Transaction is already ')
}

/** @throws {@link TransactionError} if the instance is not a transaction, which only untyped code can bring about. */
export function requireTransaction(tx: AnyTransaction): AnyTransaction {
  if (tx.isTransaction) return tx
  throw new TransactionError(
    'The Kysely instance is not in a transaction: pass what the callback of execute() is given',
  )
}
