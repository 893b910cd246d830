import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyKysely,
  type AnyTransaction,
  kyselyExecutor,
  requireTransaction,
  sqlContext,
  sqlInbox,
} from '@waybill/sql'
import type { Pool, PoolClient } from 'pg'
import { postgresDialect } from './dialect.ts'
import { classifyPostgresError } from './errors.ts'
import { type PostgresStorageOptions, resolveStorageOptions } from './options.ts'
import { postgresRunner } from './runner.ts'
import { clientExecutor, clientInTransaction } from './transaction.ts'

export type PostgresInboxOptions = Pick<PostgresStorageOptions, 'tablePrefix' | 'schema'>

type Inbox<Tx> = InboxStorage<Tx> & TransactionRunner<Tx>

/**
 * Receipts in the consuming service's database, and the transactions in which its handlers run: with `db` those of Kysely,
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
  const name = 'postgres'
  if ('db' in options) {
    const { db } = options
    const within = (tx: AnyTransaction) => kyselyExecutor(requireTransaction(tx), classifyPostgresError)
    const executor = kyselyExecutor(db.withoutPlugins(), classifyPostgresError)
    return { ...sqlInbox(context, { name, within, executor }), ...postgresRunner({ db }) }
  }
  const { pool } = options
  return {
    ...sqlInbox(context, { name, within: clientInTransaction, executor: clientExecutor(pool) }),
    ...postgresRunner({ pool }),
  }
}
