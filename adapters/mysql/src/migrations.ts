import { StorageError } from '@waybill/core/contracts'
import {
  type AnyKysely,
  migrateAll,
  migrationSql,
  migrations,
  onlyRow,
  type SqlContext,
  sqlContext,
} from '@waybill/sql'
import { type Compilable, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { mysqlDialect } from './dialect.ts'
import { classifyMysqlError, serverErrorNumber } from './errors.ts'
import { type MysqlHandle, type MysqlStorageOptions, resolveStorageOptions } from './options.ts'
import { kyselyOf } from './runner.ts'

export type MysqlMigrationOptions = Pick<MysqlStorageOptions, 'tablePrefix'>

/** How long to wait for another process that migrates, in seconds. */
const patienceSeconds = 60

/**
 * Brings Waybill's tables to what this build needs. Does nothing if they are there; safe to call from several processes at
 * once, and again after a call that was interrupted: neither server has transactions for tables, so what is there already is
 * passed over.
 */
export async function migrateMysql(handle: MysqlHandle, options: MysqlMigrationOptions = {}): Promise<void> {
  const context = contextOf(options, handle ?? {})
  const db = kyselyOf(handle).withoutPlugins()
  try {
    await db.connection().execute((connection) => alone(context, connection, () => migrate(context, connection)))
  } catch (error) {
    throw classifyMysqlError(error)
  }
}

/** The same as Kysely migrations, to put among an application's own. */
export function mysqlMigrations(options: MysqlMigrationOptions = {}): Record<string, Migration> {
  return migrations(contextOf(options))
}

/**
 * The same as SQL text, for those who migrate otherwise: `up` into an empty database; `down` takes everything back, messages
 * included. The text is the same for MySQL and MariaDB; clients must keep its comments, of which each server executes its own.
 */
export function mysqlMigrationSql(direction: 'up' | 'down' = 'up', options: MysqlMigrationOptions = {}): string {
  return migrationSql(contextOf(options), direction)
}

function contextOf(options: MysqlMigrationOptions, handle?: Partial<MysqlHandle>): SqlContext {
  return sqlContext(mysqlDialect, resolveStorageOptions('migrations', options, handle).tablePrefix)
}

/** Beside nobody else who migrates these tables. */
async function alone(context: SqlContext, db: AnyKysely, work: () => Promise<void>): Promise<void> {
  const name = sql`left(concat('waybill:', ${context.tablePrefix}, ':', database()), 64)`
  const { rows } = await sql<{ taken: number | null }>`select get_lock(${name}, ${patienceSeconds}) as taken`.execute(
    db,
  )
  if (onlyRow(rows).taken !== 1) {
    throw new StorageError('STORAGE_LOCKED', `Another process has been migrating for ${patienceSeconds} s`)
  }
  try {
    await work()
  } finally {
    await sql`select release_lock(${name})`.execute(db)
  }
}

/** What an interrupted migration has left, a table, an index, a row or the procedure: all of it comes before the schema's number. */
const leftovers: readonly (number | undefined)[] = [1050, 1061, 1062, 1304]

function migrate(context: SqlContext, db: AnyKysely): Promise<void> {
  return migrateAll(context, db, async (_, statement: Compilable) => {
    try {
      await db.executeQuery(statement.compile())
    } catch (error) {
      if (!leftovers.includes(serverErrorNumber(error))) throw error
    }
  })
}
