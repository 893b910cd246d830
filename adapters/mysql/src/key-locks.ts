import { type SchemaDialect, type SqlContext, type Template, template } from '@waybill/sql'
import { type Compilable, sql } from 'kysely'

/** Neither server's named locks end with the transaction, so that keys share so many rows that do. */
const lockCount = 1024

type Extras = ReturnType<NonNullable<SchemaDialect['extras']>>

const tableOf = ({ tablePrefix }: SqlContext): string => `${tablePrefix}key_locks`

/** Two keys may share a lock, and two transactions that lock several keys each may deadlock. */
export function keyLocks(context: SqlContext): Extras {
  const { builder } = context
  const create = builder.schema
    .createTable(tableOf(context))
    .addColumn('slot', 'integer', (column) => column.notNull().primaryKey())
    .modifyEnd(sql`engine = InnoDB`)
  const slots = sql.join(Array.from({ length: lockCount }, (_, slot) => sql`(${sql.lit(slot)})`))
  const fill = sql`insert into ${sql.table(tableOf(context))} (slot) values ${slots}`
  const insert: Compilable = { compile: () => fill.compile(builder) }
  return { create: [create, insert], drop: [builder.schema.dropTable(tableOf(context))] }
}

/** Waits for its turn on a key, until the end of the transaction. */
export function keyLockTemplate(context: SqlContext): Template<string> {
  return template((parameter) => {
    const slot = sql`crc32(${parameter((scope) => scope)}) & ${sql.lit(lockCount - 1)}`
    const query = sql`select slot from ${sql.table(tableOf(context))} where slot = ${slot} for update`
    return { compile: () => query.compile(context.builder) }
  })
}
