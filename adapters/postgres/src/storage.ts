import type { OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { laneSource } from '@waybill/core/lanes'
import { type AnyKysely, type AnyTransaction, sqlAdmin, sqlContext } from '@waybill/sql'
import type { Pool, PoolClient } from 'pg'
import { clientConfig, lively, openDatabase } from './database.ts'
import { postgresDialect } from './dialect.ts'
import { withHistory } from './history/admin.ts'
import { postgresLaneStore } from './lane-store.ts'
import { notifier, telling } from './notifier.ts'
import { type PostgresHandle, type PostgresStorageOptions, resolveStorageOptions } from './options.ts'
import { postgresRunner } from './runner.ts'
import type { PostgresTransaction } from './transaction.ts'
import { postgresWakeups } from './wakeups.ts'
import { type PostgresWriter, postgresWriter } from './writer.ts'

/** An outbox in PostgreSQL. `Tx` is what its own transactions hand to their work. */
export type PostgresStorage<Tx> = Omit<OutboxStorage<PostgresTransaction>, 'insertSync'> &
  PostgresWriter &
  TransactionRunner<Tx>

/**
 * An outbox in the application's PostgreSQL.
 *
 * Producers write through the application's own connection, in the application's own transaction. Relays and administration
 * use connections of their own, opened at their first call and closed by `close()`; the application's are never closed.
 *
 * @example
 * ```ts
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await migratePostgres({ pool })
 * const storage = postgresStorage({ pool })
 * ```
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function postgresStorage(
  options: PostgresStorageOptions & Extract<PostgresHandle, { readonly db: AnyKysely }>,
): PostgresStorage<AnyTransaction>
/** Without Kysely: transactions are clients of the pool. */
export function postgresStorage(
  options: PostgresStorageOptions & Extract<PostgresHandle, { readonly pool: Pool; readonly db?: undefined }>,
): PostgresStorage<PoolClient>
export function postgresStorage(
  options: PostgresStorageOptions & PostgresHandle,
): PostgresStorage<AnyTransaction> | PostgresStorage<PoolClient> {
  const resolved = resolveStorageOptions('postgresStorage', options, options)
  const context = sqlContext(postgresDialect, resolved.tablePrefix, resolved.schema)
  const database = openDatabase(options, resolved)
  const notify = resolved.wakeups ? notifier(context, database.notifying) : undefined
  const listen =
    resolved.listenUrl === undefined
      ? options.pool && clientConfig(options.pool)
      : { connectionString: resolved.listenUrl, connectionTimeoutMillis: 10_000, ...lively }
  const storage = {
    ...laneSource(postgresLaneStore({ context, database, ...resolved })),
    ...postgresWriter(context, notify),
    ...withHistory(
      sqlAdmin(context, async () => database.admin),
      context,
      database.admin,
    ),
    ...(notify &&
      listen && { wakeups: postgresWakeups({ context, listen, session: database.notifying, self: notify.sender }) }),
    async close() {
      notify?.close()
      await database.close()
    },
  }
  return options.db === undefined
    ? { ...storage, ...telling(postgresRunner({ pool: options.pool }), notify) }
    : { ...storage, ...telling(postgresRunner({ db: options.db }), notify) }
}
