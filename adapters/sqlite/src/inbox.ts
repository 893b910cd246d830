import type { TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyTransaction,
  kyselyExecutor,
  requireTransaction,
  type SqlInbox,
  sqlContext,
  sqlInbox,
} from '@waybill/sql'
import type { Kysely, Transaction } from 'kysely'
import { applicationTransaction } from './application-transaction.ts'
import { sqliteDialect } from './dialect.ts'
import { classifySqliteError } from './errors.ts'
import { Home } from './home.ts'
import { sqliteInboxServer } from './inbox-server.ts'
import { resolveStorageOptions, type SqliteStorageOptions } from './options.ts'
import { sqliteRunner } from './runner.ts'

export interface SqliteInboxOptions<Tables> extends Pick<SqliteStorageOptions, 'tablePrefix' | 'lockTimeoutMs'> {
  /** The consuming service's database, where its handlers write. */
  readonly db: Kysely<Tables>
}

/**
 * Receipts in the consuming service's SQLite file, and the transactions in which its handlers run. Kysely has one connection
 * to SQLite: handlers run one after the other, and so do the application's other transactions on the same instance.
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function sqliteInbox<Tables>(
  options: SqliteInboxOptions<Tables>,
): SqlInbox<Transaction<Tables>> & TransactionRunner<Transaction<Tables>> {
  const { tablePrefix, lockTimeoutMs } = resolveStorageOptions('sqliteInbox', options, ['db'])
  const context = sqlContext(sqliteDialect, tablePrefix)
  const { db } = options
  const home = new Home({ db }, lockTimeoutMs)
  const runner = sqliteRunner({ context, db, lockTimeoutMs })
  const within = (tx: AnyTransaction) => applicationTransaction(requireTransaction(tx), home)
  const inbox = sqlInbox<AnyTransaction>(context, {
    name: 'sqlite',
    within,
    executor: kyselyExecutor(db.withoutPlugins(), classifySqliteError),
    transaction: (work) => runner.transaction((tx) => work(within(tx))),
    server: sqliteInboxServer(context),
  })
  return { ...inbox, ...runner }
}
