import type { InboxStorage, IsolationLevel, TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyKysely,
  type AnyTransaction,
  kyselyExecutor,
  type SqlExecutor,
  sqlContext,
  sqlInbox,
} from '@waybill/sql'
import type { PoolConnection } from 'mysql2/promise'
import { mysqlDialect } from './dialect.ts'
import { classifyMysqlError } from './errors.ts'
import { type MysqlHandle, type MysqlStorageOptions, resolveStorageOptions } from './options.ts'
import { kyselyOf, mysqlKyselyRunner, poolRunner } from './runner.ts'
import { executorWithin, type MysqlTransaction } from './transaction.ts'

export interface MysqlInboxOptions extends Pick<MysqlStorageOptions, 'tablePrefix'> {
  /**
   * Isolation of the handlers' transactions. At `repeatable read`, the servers' own default, receipts lock the gaps between
   * them, and handlers of different messages wait for each other or run into deadlocks. @default 'read committed'
   */
  readonly isolation?: IsolationLevel
}

type Inbox<Tx> = InboxStorage<Tx> & TransactionRunner<Tx>

/**
 * Receipts in the consuming service's database, and the transactions in which its handlers run.
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function mysqlInbox(
  options: MysqlInboxOptions & Extract<MysqlHandle, { readonly db: AnyKysely }>,
): Inbox<AnyTransaction>
/** Without Kysely: handlers get connections of the pool. */
export function mysqlInbox(
  options: MysqlInboxOptions & Extract<MysqlHandle, { readonly db?: undefined }>,
): Inbox<PoolConnection>
export function mysqlInbox(options: MysqlInboxOptions & MysqlHandle): Inbox<AnyTransaction> | Inbox<PoolConnection> {
  const { tablePrefix } = resolveStorageOptions('mysqlInbox', options, options ?? {})
  const { isolation = 'read committed' } = options
  const context = sqlContext(mysqlDialect, tablePrefix)
  const inbox = sqlInbox<MysqlTransaction>(context, {
    name: 'mysql',
    within: insertsWithin,
    executor: kyselyExecutor(kyselyOf(options).withoutPlugins(), classifyMysqlError),
  })
  return options.db === undefined
    ? { ...inbox, ...poolRunner(options.pool, isolation) }
    : { ...inbox, ...mysqlKyselyRunner(options.db, isolation) }
}

/** The server counts 2 for a receipt that was there, see the dialect. */
function insertsWithin(tx: MysqlTransaction): SqlExecutor {
  const opened = executorWithin(tx)
  return {
    async execute(statement) {
      const result = await (await opened).execute(statement)
      return { ...result, affected: result.affected === 1 ? 1 : 0 }
    },
  }
}
