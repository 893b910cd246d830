import type { Compilable, Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SqlContext } from '../dialect.ts'
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
        up: (db: Executing) => executeAll(db, version.up(context)),
        down: (db: Executing) => executeAll(db, version.down(context)),
      },
    ]),
  )
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

// biome-ignore lint/suspicious/noExplicitAny: Kysely's own type of a migration's database.
type Executing = Kysely<any>

async function executeAll(db: Executing, statements: readonly Compilable[]): Promise<void> {
  for (const statement of statements) await db.executeQuery(statement.compile())
}
