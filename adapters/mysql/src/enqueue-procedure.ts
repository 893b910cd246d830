import type { SchemaDialect, SqlContext } from '@waybill/sql'
import { type Compilable, type RawBuilder, sql } from 'kysely'

type Extras = ReturnType<NonNullable<SchemaDialect['extras']>>

const text = 'longtext character set utf8mb4'

/** Its parameters, in the order of all databases. Neither server has defaults for them. */
const parameters = {
  topic: text,
  type: text,
  payload: text,
  ordering_key: text,
  headers: text,
  aggregate_type: text,
  aggregate_id: text,
  available_at: 'bigint',
  expires_at: 'bigint',
  id: text,
} as const

/**
 * `waybill_enqueue(…)`: an enqueue for programs that cannot hold a transaction open over several calls, for routines and for
 * triggers. A procedure, since servers with a binary log let only administrators create functions. One statement, so that a
 * script is cut at its semicolons.
 */
export function enqueueProcedure({ builder, table, tablePrefix }: SqlContext): Extras {
  const name = sql.id(`${tablePrefix}enqueue`)
  const statement = (query: RawBuilder<unknown>): Compilable => ({ compile: () => query.compile(builder) })
  const declared = Object.entries(parameters).map(([parameter, type]) => sql`in ${sql.id(parameter)} ${sql.raw(type)}`)
  const values = Object.keys(parameters).map((parameter) => computed[parameter] ?? sql.id(parameter))
  return {
    // A routine keeps the mode that it was made in, and only a strict one refuses what is too long.
    create: [
      statement(sql`set @waybill_sql_mode = @@sql_mode, sql_mode = 'STRICT_ALL_TABLES'`),
      statement(sql`create procedure ${name} (${sql.join(declared)}) modifies sql data sql security invoker
        insert into ${sql.table(table.messages)} (${sql.join(Object.keys(parameters).map((column) => sql.id(column)))})
        values (${sql.join(values)})`),
      statement(sql`set sql_mode = @waybill_sql_mode`),
    ],
    drop: [statement(sql`drop procedure ${name}`)],
  }
}

const computed: Readonly<Record<string, RawBuilder<unknown>>> = {
  ordering_key: sql`coalesce(ordering_key, concat(aggregate_type, ':', aggregate_id))`,
  // Not MariaDB's type for them, which a text would have to fit.
  id: sql`coalesce(id, concat(uuid(), ''))`,
}
