import type { Compilable } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SqlContext } from '../dialect.ts'
import type { AnyKysely } from '../kysely-executor.ts'
import { createInitial, dropInitial } from './initial.ts'

/** What this build makes of a database. It runs on any schema from this version on that still allows it. */
export const schemaVersion = 1

interface Version {
  readonly name: string
  up(context: SqlContext): readonly Compilable[]
  down(context: SqlContext): readonly Compilable[]
}

const versions: readonly Version[] = [{ name: 'waybill_0001_initial', up: createInitial, down: dropInitial }]

/** Migrations to put among an application's own, by name. */
export function migrations(context: SqlContext): Record<string, Migration> {
  return Object.fromEntries(
    versions.map((version) => [
      version.name,
      {
        up: (db: AnyKysely) => executeAll(db, version.up(context)),
        down: (db: AnyKysely) => executeAll(db, version.down(context)),
      },
    ]),
  )
}

/**
 * Runs what the database lacks. `db` is in a transaction, if the database has transactions for tables; if not, `run` passes
 * over what an interrupted run has left.
 */
export async function migrateAll(
  context: SqlContext,
  db: AnyKysely,
  run: (db: AnyKysely, statement: Compilable) => Promise<unknown> = execute,
): Promise<void> {
  const { builder, dialect, table } = context
  const { rows } = await db.executeQuery(dialect.schema.tableExists(table.meta).compile(builder))
  const meta = builder.selectFrom(table.meta).select('value').where('name', '=', 'schema_version')
  const found = rows.length === 0 ? 0 : ((await db.executeQuery(meta.compile())).rows[0]?.value ?? 0)
  for (const version of versions.slice(Number(found))) {
    for (const statement of version.up(context)) await run(db, statement)
  }
}

/** The same as text, for people who migrate otherwise. */
export function migrationSql(context: SqlContext, direction: 'up' | 'down'): string {
  const ordered = direction === 'up' ? versions : versions.toReversed()
  return ordered
    .flatMap((version) => [
      `-- ${version.name} (${direction})`,
      ...version[direction](context).map((statement) => `${statement.compile().sql};`),
    ])
    .join('\n')
}

async function executeAll(db: AnyKysely, statements: readonly Compilable[]): Promise<void> {
  for (const statement of statements) await execute(db, statement)
}

async function execute(db: AnyKysely, statement: Compilable): Promise<void> {
  await db.executeQuery(statement.compile())
}
