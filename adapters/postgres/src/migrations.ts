import { type AnyKysely, migrateAll, migrationSql, migrations, type SqlContext, sqlContext } from '@waybill/sql'
import { Kysely, PostgresDialect, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Pool } from 'pg'
import { postgresDialect } from './dialect.ts'
import { classifyPostgresError } from './errors.ts'
import { type PostgresHandle, type PostgresStorageOptions, resolveStorageOptions } from './options.ts'

export type PostgresMigrationOptions = Pick<PostgresStorageOptions, 'tablePrefix' | 'schema'>

/**
 * Brings Waybill's tables to what this build needs, in one transaction. Does nothing if they are there; safe to call from
 * several processes at once, which take turns by an advisory lock.
 *
 * @param handle - Of a role that may create tables in the schema.
 * @throws {@link ConfigurationError} for options that are wrong; {@link StorageError}.
 */
export async function migratePostgres(
  handle: { readonly pool: Pool } | { readonly db: AnyKysely },
  options: PostgresMigrationOptions = {},
): Promise<void> {
  const context = contextOf(options, handle)
  const db: AnyKysely = 'db' in handle ? handle.db : new Kysely({ dialect: new PostgresDialect({ pool: handle.pool }) })
  const turn = `waybill migration ${context.schema ?? ''}.${context.tablePrefix}`
  try {
    await db
      .withoutPlugins()
      .transaction()
      .execute(async (tx) => {
        await tx.executeQuery(sql`select pg_advisory_xact_lock(hashtextextended(${turn}, 0))`.compile(context.builder))
        const { schema } = context
        if (schema !== undefined) {
          await tx.executeQuery(
            sql`select set_config('search_path', quote_ident(${schema}), true)`.compile(context.builder),
          )
        }
        await migrateAll(context, tx)
      })
  } catch (error) {
    throw classifyPostgresError(error)
  }
}

/** The same as Kysely migrations, to put among an application's own. */
export function postgresMigrations(options: PostgresMigrationOptions = {}): Record<string, Migration> {
  return migrations(contextOf(options))
}

/**
 * The same as SQL text, for those who migrate otherwise: `up` into an empty schema; `down` takes everything back, messages
 * included. Run it in one transaction.
 */
export function postgresMigrationSql(direction: 'up' | 'down' = 'up', options: PostgresMigrationOptions = {}): string {
  return migrationSql(contextOf(options), direction)
}

function contextOf(options: PostgresMigrationOptions, handle?: Partial<PostgresHandle>): SqlContext {
  const { tablePrefix, schema } = resolveStorageOptions('migrations', options, handle)
  return sqlContext(postgresDialect, tablePrefix, schema)
}
