import type { OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { laneSource } from '@waybill/core/lanes'
import { type AnyTransaction, sqlAdmin, sqlContext } from '@waybill/sql'
import type { Database } from 'better-sqlite3'
import type { Kysely, Transaction } from 'kysely'
import { sqliteDialect } from './dialect.ts'
import { Home } from './home.ts'
import { sqliteLaneStore } from './lane-store.ts'
import { LazyConnection } from './lazy-connection.ts'
import type { SqliteHandle } from './open.ts'
import { resolveStorageOptions, type SqliteStorageOptions } from './options.ts'
import { sqliteRunner } from './runner.ts'
import { sqliteWakeups } from './wakeups.ts'
import { type SqliteWriter, sqliteWriter } from './writer.ts'

/** An outbox in SQLite: `insert` takes a Kysely transaction, `insertSync` the driver's connection inside its transaction. */
export type SqliteStorage = Omit<OutboxStorage<AnyTransaction>, 'insertSync'> & SqliteWriter

/**
 * An outbox in the application's SQLite file.
 *
 * Producers write through the application's own connection, in the application's own transaction. Relays and administration
 * use a second connection to the same file, which is opened at their first call and closed by `close()`; the application's
 * is never closed.
 *
 * @example
 * ```ts
 * const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new Database('orders.db') }) })
 * await migrateSqlite(db)
 * const storage = sqliteStorage({ db })
 * ```
 *
 * @throws {@link ConfigurationError} with all options that are wrong.
 */
export function sqliteStorage<Tables>(
  options: { readonly db: Kysely<Tables> } & SqliteStorageOptions,
): SqliteStorage & TransactionRunner<Transaction<Tables>>
/** For applications that use better-sqlite3 without Kysely: they enqueue with `enqueueSync`. */
export function sqliteStorage(options: { readonly database: Database } & SqliteStorageOptions): SqliteStorage
export function sqliteStorage(options: SqliteHandle & SqliteStorageOptions): SqliteStorage {
  const resolved = resolveStorageOptions('sqliteStorage', options, ['db', 'database'])
  const context = sqlContext(sqliteDialect, resolved.tablePrefix)
  const home = new Home(options, resolved.lockTimeoutMs)
  const connection = new LazyConnection(home, resolved)
  const source = laneSource(sqliteLaneStore({ context, connection: connection.get, retentionMs: resolved.retentionMs }))
  return {
    ...sqliteWriter(context, home),
    ...source,
    ...sqlAdmin(context, connection.get),
    ...('db' in options ? sqliteRunner({ context, db: options.db, lockTimeoutMs: resolved.lockTimeoutMs }) : {}),
    wakeups: sqliteWakeups(context, connection.get, resolved.wakeupIntervalMs),
    close: () => connection.close(),
  }
}
