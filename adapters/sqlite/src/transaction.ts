import { TransactionError } from '@waybill/core/contracts'
import type { Database } from 'better-sqlite3'
import type { Transaction } from 'kysely'

/** Kysely is invariant in its tables: this is any of its transactions, whatever tables the application has. */
// biome-ignore lint/suspicious/noExplicitAny: no other type takes every Transaction<T>.
export type KyselyTransaction = Transaction<any>

/** Kysely's for `insert`, the driver's connection inside its transaction for `insertSync`. */
export type SqliteTransaction = KyselyTransaction | Database

/** @throws {@link TransactionError} for whatever is not a Kysely transaction. */
export function requireKyselyTransaction(tx: SqliteTransaction): KyselyTransaction {
  if ('isTransaction' in tx && tx.isTransaction) return tx
  const reason =
    'inTransaction' in tx
      ? 'A better-sqlite3 transaction ends before an awaited insert begins: use enqueueSync inside it'
      : 'The Kysely instance is not in a transaction: pass what db.transaction().execute() gives its callback'
  throw new TransactionError(reason)
}

/** @throws {@link TransactionError} for whatever is not a connection inside its transaction. */
export function requireOpenTransaction(tx: SqliteTransaction): Database {
  if (!('inTransaction' in tx)) {
    throw new TransactionError('A Kysely transaction cannot be written synchronously: use enqueue, and await it')
  }
  if (tx.inTransaction) return tx
  throw new TransactionError(
    'The better-sqlite3 connection is not in a transaction: enqueue within database.transaction()',
  )
}
