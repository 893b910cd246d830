import type { IsolationLevel, TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyKysely,
  type AnyTransaction,
  kyselyExecutor,
  type SqlContext,
  type SqlExecutor,
  type SqlInbox,
  sqlContext,
  sqlInbox,
} from '@waybill/sql'
import type { PoolConnection } from 'mysql2/promise'
import { mysqlDialect } from './dialect.ts'
import { classifyMysqlError } from './errors.ts'
import { mysqlInboxServer } from './inbox-server.ts'
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

type Inbox<Tx> = SqlInbox<Tx> & TransactionRunner<Tx>

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
  const executor = kyselyExecutor(kyselyOf(options).withoutPlugins(), classifyMysqlError)
  return options.db === undefined
    ? inboxOn(context, executor, poolRunner(options.pool, isolation))
    : inboxOn(context, executor, mysqlKyselyRunner(options.db, isolation))
}

function inboxOn<Tx extends MysqlTransaction>(
  context: SqlContext,
  executor: SqlExecutor,
  runner: TransactionRunner<Tx>,
): Inbox<Tx> {
  const inbox = sqlInbox<Tx>(context, {
    name: 'mysql',
    within,
    executor,
    transaction: (work) => runner.transaction((tx) => work(within(tx)), { isolation: 'read committed' }),
    server: mysqlInboxServer(context),
  })
  return { ...inbox, ...runner }
}

/** Looks for the transaction when the first statement is run, and once. */
function within(tx: MysqlTransaction): SqlExecutor {
  let opened: Promise<SqlExecutor> | undefined
  return {
    async execute(statement) {
      opened ??= executorWithin('isTransaction' in tx ? tx.withoutPlugins() : tx)
      return (await opened).execute(statement)
    },
  }
}
