import { TransactionError } from '@waybill/core/contracts'
import { type AnyTransaction, requireTransaction } from '@waybill/sql'
import type { Database } from 'better-sqlite3'

type Handle = AnyTransaction | Database

/** @throws {@link TransactionError} for whatever is not a Kysely transaction. */
export function requireKyselyTransaction(tx: Handle): AnyTransaction {
  requireHandle(tx)
  if (!('inTransaction' in tx)) return requireTransaction(tx)
  throw new TransactionError(
    'A better-sqlite3 transaction ends before an awaited insert begins: use enqueueSync inside it',
  )
}

/** @throws {@link TransactionError} for whatever is not a connection inside its transaction. */
export function requireOpenTransaction(tx: Handle): Database {
  requireHandle(tx)
  if (!('inTransaction' in tx)) {
    throw new TransactionError('A Kysely transaction cannot be written synchronously: use enqueue, and await it')
  }
  if (tx.inTransaction) return tx
  throw new TransactionError(
    'The better-sqlite3 connection is not in a transaction: enqueue within database.transaction()',
  )
}

/** Untyped code may give nothing at all. */
function requireHandle(tx: unknown): void {
  if (typeof tx === 'object' && tx !== null) return
  throw new TransactionError(`${String(tx)} is no transaction: pass the one that writes the rows`)
}
