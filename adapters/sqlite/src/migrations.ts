import { migrationSql, migrations, sqlContext } from '@waybill/sql'
import type { Migration } from 'kysely/migration'
import { sqliteDialect } from './dialect.ts'
import { defaultTablePrefix } from './options.ts'

export interface SqliteMigrationOptions {
  /** As given to `sqliteStorage`. @default 'waybill_' */
  readonly tablePrefix?: string
}

/** Kysely migrations of Waybill's tables, to put among an application's own. Names begin with `waybill_`. */
export function sqliteMigrations(options: SqliteMigrationOptions = {}): Record<string, Migration> {
  return migrations(sqlContext(sqliteDialect, options.tablePrefix ?? defaultTablePrefix))
}

/** The migrations as SQL text, for those who migrate otherwise. `down` takes everything back, messages included. */
export function sqliteMigrationSql(direction: 'up' | 'down' = 'up', options: SqliteMigrationOptions = {}): string {
  return migrationSql(sqlContext(sqliteDialect, options.tablePrefix ?? defaultTablePrefix), direction)
}
