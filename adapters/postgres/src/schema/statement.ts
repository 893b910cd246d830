import type { SqlContext } from '@waybill/sql'
import { type Compilable, type RawBuilder, sql } from 'kysely'

/** What PostgreSQL has beside the tables of every database. */
export interface Extras {
  readonly create: readonly Compilable[]
  readonly drop: readonly Compilable[]
}

/** One of ours: with the schema, if there is one, and after the prefix. */
export function named({ schema, tablePrefix }: SqlContext, name: string): RawBuilder<unknown> {
  const full = `${tablePrefix}${name}`
  return schema === undefined ? sql.id(full) : sql.id(schema, full)
}

/** Text of a migration: without values, for a migration is also printed. */
export function statement({ builder }: SqlContext, text: RawBuilder<unknown>): Compilable {
  return { compile: () => text.compile(builder) }
}

/** Milliseconds since the epoch of an expression of type `timestamptz`. */
export function milliseconds(time: string): RawBuilder<number> {
  return sql.raw(`ceil(extract(epoch from ${time}) * 1000)`)
}
