import type { OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { laneSource } from '@waybill/core/lanes'
import { type AnyKysely, type AnyTransaction, sqlAdmin, sqlContext } from '@waybill/sql'
import type { PoolConnection } from 'mysql2/promise'
import { openDatabase } from './database.ts'
import { mysqlDialect } from './dialect.ts'
import { mysqlLaneStore } from './lane-store.ts'
import { type MysqlHandle, type MysqlPool, type MysqlStorageOptions, resolveStorageOptions } from './options.ts'
import { kyselyRunner, poolRunner } from './runner.ts'
import type { MysqlTransaction } from './transaction.ts'
import { mysqlWriter } from './writer.ts'

/** An outbox in MySQL or MariaDB. */
export type MysqlStorage = Omit<OutboxStorage<MysqlTransaction>, 'insertSync'>

/**
 * An outbox in the application's database, MySQL or MariaDB.
 *
 * Producers write through the application's own connections, in the application's own transactions. Relays and
 * administration open connections of their own at their first call, which `close()` closes; the application's pool is never
 * closed.
 *
 * @example
 * ```ts
 * const pool = createPool('mysql://orders:secret@localhost/orders')
 * await migrateMysql({ pool })
 * const storage = mysqlStorage({ pool })
 * ```
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function mysqlStorage(
  options: { readonly db: AnyKysely; readonly pool?: MysqlPool } & MysqlStorageOptions,
): MysqlStorage & TransactionRunner<AnyTransaction>
/** For applications that use mysql2 without Kysely. */
export function mysqlStorage(
  options: { readonly pool: MysqlPool } & MysqlStorageOptions,
): MysqlStorage & TransactionRunner<PoolConnection>
export function mysqlStorage(
  options: MysqlHandle & MysqlStorageOptions,
): MysqlStorage & TransactionRunner<AnyTransaction | PoolConnection> {
  const resolved = resolveStorageOptions('mysqlStorage', options)
  const context = sqlContext(mysqlDialect, resolved.tablePrefix)
  const database = openDatabase(options, resolved)
  const { retentionMs, lockTimeoutMs } = resolved
  return {
    ...mysqlWriter(context),
    ...laneSource(mysqlLaneStore({ context, database, retentionMs, lockTimeoutMs })),
    ...sqlAdmin(context, async () => database.admin),
    ...(options.db === undefined ? poolRunner(options.pool) : kyselyRunner(options.db)),
    close: () => database.close(),
  }
}
