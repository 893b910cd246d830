import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyKysely,
  type AnyTransaction,
  kyselyExecutor,
  requireTransaction,
  sqlContext,
  sqlInbox,
} from '@waybill/sql'
import { sqliteDialect } from './dialect.ts'
import { classifySqliteError } from './errors.ts'
import { resolveStorageOptions, type SqliteStorageOptions } from './options.ts'
import { sqliteRunner } from './runner.ts'

export interface SqliteInboxOptions extends Pick<SqliteStorageOptions, 'tablePrefix' | 'lockTimeoutMs'> {
  /** The consuming service's database, where its handlers write. */
  readonly db: AnyKysely
}

/**
 * Receipts in the consuming service's SQLite file, and the transactions in which its handlers run. Kysely has one connection
 * to SQLite: handlers run one after the other, and so do the application's other transactions on the same instance.
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function sqliteInbox(
  options: SqliteInboxOptions,
): InboxStorage<AnyTransaction> & TransactionRunner<AnyTransaction> {
  const { tablePrefix, lockTimeoutMs } = resolveStorageOptions('sqliteInbox', options)
  const context = sqlContext(sqliteDialect, tablePrefix)
  const { db } = options
  const inbox = sqlInbox<AnyTransaction>(context, {
    name: 'sqlite',
    within: (tx) => kyselyExecutor(requireTransaction(tx), classifySqliteError),
    executor: kyselyExecutor(db.withoutPlugins(), classifySqliteError),
  })
  return { ...inbox, ...sqliteRunner({ context, db, lockTimeoutMs }) }
}
