import type { TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyKysely,
  type AnyTransaction,
  kyselyExecutor,
  requireTransaction,
  type SqlContext,
  type SqlExecutor,
  type SqlInbox,
  sqlContext,
  sqlInbox,
} from '@waybill/sql'
import type { Pool, PoolClient } from 'pg'
import { postgresDialect } from './dialect.ts'
import { classifyPostgresError } from './errors.ts'
import { postgresInboxServer } from './inbox-server.ts'
import { type PostgresStorageOptions, resolveStorageOptions } from './options.ts'
import { preparingExecutor } from './preparing-executor.ts'
import { postgresRunner } from './runner.ts'
import { clientExecutor, clientInTransaction } from './transaction.ts'

export type PostgresInboxOptions = Pick<PostgresStorageOptions, 'tablePrefix' | 'schema'>

type Inbox<Tx> = SqlInbox<Tx> & TransactionRunner<Tx>

/**
 * Receipts in the consuming service's database with all that belongs to them, and the transactions in which its handlers run: with `db` those of Kysely,
 * with `pool` a client of the pool.
 *
 * Of two deliveries of one message at a time, the second waits for the first in the receipt's index. That holds a connection:
 * set `lock_timeout` for the role if handlers take long. At `repeatable read` and above the second fails instead, with
 * `STORAGE_CONFLICT`, and is tried again.
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function postgresInbox(options: PostgresInboxOptions & { readonly db: AnyKysely }): Inbox<AnyTransaction>
export function postgresInbox(options: PostgresInboxOptions & { readonly pool: Pool }): Inbox<PoolClient>
export function postgresInbox(
  options: PostgresInboxOptions & ({ readonly db: AnyKysely } | { readonly pool: Pool }),
): Inbox<AnyTransaction> | Inbox<PoolClient> {
  const { tablePrefix, schema } = resolveStorageOptions('postgresInbox', options, options)
  const context = sqlContext(postgresDialect, tablePrefix, schema)
  if ('db' in options) {
    const { db } = options
    const within = (tx: AnyTransaction) =>
      kyselyExecutor(requireTransaction(tx).withoutPlugins(), classifyPostgresError)
    const executor = kyselyExecutor(db.withoutPlugins(), classifyPostgresError)
    return inboxOn(context, { within, executor, runner: postgresRunner({ db }) })
  }
  const { pool } = options
  const executor = clientExecutor(pool)
  return inboxOn<PoolClient>(context, { within: clientWithin, executor, runner: postgresRunner({ pool }) })
}

/** A handler's own statements are the application's; the few around them are kept prepared where that can be. */
function clientWithin(client: PoolClient): SqlExecutor {
  const plain = clientInTransaction(client)
  let opened: Promise<SqlExecutor> | undefined
  return {
    async execute(statement) {
      opened ??= preparingExecutor(client, plain)
      return (await opened).execute(statement)
    },
  }
}

interface Handle<Tx> {
  within(tx: Tx): SqlExecutor
  readonly executor: SqlExecutor
  readonly runner: TransactionRunner<Tx>
}

function inboxOn<Tx>(context: SqlContext, { within, executor, runner }: Handle<Tx>): Inbox<Tx> {
  const inbox = sqlInbox<Tx>(context, {
    name: 'postgres',
    within,
    executor,
    transaction: (work) => runner.transaction((tx) => work(within(tx)), { isolation: 'read committed' }),
    server: postgresInboxServer(context),
  })
  return { ...inbox, ...runner }
}
