import type { OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { laneSource } from '@waybill/core/lanes'
import { type AnyKysely, type AnyTransaction, sqlAdmin, sqlContext } from '@waybill/sql'
import type { PoolConnection } from 'mysql2/promise'
import { openDatabase } from './database.ts'
import { mysqlDialect } from './dialect.ts'
import { mysqlLaneStore } from './lane-store.ts'
import { type MysqlHandle, type MysqlStorageOptions, resolveStorageOptions } from './options.ts'
import { mysqlKyselyRunner, poolRunner } from './runner.ts'
import type { MysqlTransaction } from './transaction.ts'
import { type MysqlWriter, mysqlWriter } from './writer.ts'

/** An outbox in MySQL or MariaDB. `Tx` is what its own transactions hand to their work. */
export type MysqlStorage<Tx> = Omit<OutboxStorage<MysqlTransaction>, 'insertSync'> & MysqlWriter & TransactionRunner<Tx>

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
  options: MysqlStorageOptions & Extract<MysqlHandle, { readonly db: AnyKysely }>,
): MysqlStorage<AnyTransaction>
/** Without Kysely: transactions are connections of the pool. */
export function mysqlStorage(
  options: MysqlStorageOptions & Extract<MysqlHandle, { readonly db?: undefined }>,
): MysqlStorage<PoolConnection>
export function mysqlStorage(
  options: MysqlStorageOptions & MysqlHandle,
): MysqlStorage<AnyTransaction> | MysqlStorage<PoolConnection> {
  const resolved = resolveStorageOptions('mysqlStorage', options, options ?? {})
  const context = sqlContext(mysqlDialect, resolved.tablePrefix)
  const database = openDatabase(options, resolved)
  const { retentionMs, lockTimeoutMs } = resolved
  const storage = {
    ...laneSource(mysqlLaneStore({ context, database, retentionMs, lockTimeoutMs })),
    ...mysqlWriter(context),
    ...sqlAdmin(context, async () => database.admin),
    close: () => database.close(),
  }
  return options.db === undefined
    ? { ...storage, ...poolRunner(options.pool) }
    : { ...storage, ...mysqlKyselyRunner(options.db) }
}
