import { type AnyKysely, migrateAll, migrationSql, migrations, type SqlContext, sqlContext } from '@waybill/sql'
import { type Compilable, CompiledQuery } from 'kysely'
import type { Migration } from 'kysely/migration'
import { sqliteDialect } from './dialect.ts'
import { classifySqliteError } from './errors.ts'
import { resolveStorageOptions, type SqliteStorageOptions } from './options.ts'
import { whileBusy } from './retry.ts'

export type SqliteMigrationOptions = Pick<SqliteStorageOptions, 'tablePrefix' | 'lockTimeoutMs'>

/**
 * Brings Waybill's tables to what this build needs, in one transaction, and gives the file a WAL. Does nothing if they are
 * there, and makes the rest if a migration without a transaction was interrupted; safe to call from several processes at
 * once.
 */
export async function migrateSqlite(db: AnyKysely, options: SqliteMigrationOptions = {}): Promise<void> {
  const { lockTimeoutMs } = resolveStorageOptions('migrateSqlite', options)
  const attempt = async (): Promise<void> => {
    await db.executeQuery(CompiledQuery.raw('pragma journal_mode = wal'))
    await db.transaction().execute((tx) => migrateAll(contextOf(options), tx, unlessThere))
  }
  try {
    await whileBusy(attempt, { timeoutMs: lockTimeoutMs })
  } catch (error) {
    throw classifySqliteError(error)
  }
}

/**
 * The same as Kysely migrations, to put among an application's own. Kysely does not run SQLite migrations in a transaction,
 * so that {@link migrateSqlite} has to finish one which is interrupted.
 */
export function sqliteMigrations(options: SqliteMigrationOptions = {}): Record<string, Migration> {
  return migrations(contextOf(options))
}

/**
 * The same as SQL text, for those who migrate otherwise: `up` into an empty database; `down` takes everything back, messages
 * included.
 */
export function sqliteMigrationSql(direction: 'up' | 'down' = 'up', options: SqliteMigrationOptions = {}): string {
  const statements = migrationSql(contextOf(options), direction)
  return direction === 'up' ? `pragma journal_mode = wal;\n${statements}` : statements
}

/** Passes over a table, an index or a row that an interrupted migration has left: the number of the schema comes last. */
async function unlessThere(db: AnyKysely, statement: Compilable): Promise<void> {
  try {
    await db.executeQuery(statement.compile())
  } catch (error) {
    if (!(error instanceof Error && /already exists|UNIQUE constraint failed/.test(error.message))) throw error
  }
}

function contextOf(options: SqliteMigrationOptions): SqlContext {
  return sqlContext(sqliteDialect, resolveStorageOptions('migrations', options).tablePrefix)
}
