import { type ColumnDataType, type Expression, type RawBuilder, sql } from 'kysely'
import type { SchemaDialect } from '../dialect.ts'
import { attributes } from '../message-row.ts'
import type { MessagesTable } from '../tables.ts'

/** Values that have to be more than a column's type can say. Null is let through: whether it may be there, the column says. */
export interface ValueKind {
  readonly type: ColumnDataType | RawBuilder<unknown>
  /** Columns of the messages that take such values. */
  readonly columns: readonly (keyof MessagesTable)[]
  accepts(value: Expression<unknown>): RawBuilder<unknown>
}

/** By name. */
export function valueKinds(dialect: SchemaDialect): Readonly<Record<string, ValueKind>> {
  const { name, text, integer, isName, isJson, areFields } = dialect
  return {
    name: { type: name, columns: ['id', 'topic', 'type', 'ordering_key'], accepts: isName },
    object: { type: text, columns: ['headers', 'last_error'], accepts: (value) => isJson(value, 'object') },
    attributes: {
      type: text,
      columns: ['attributes'],
      accepts: (value) => sql`${isJson(value, 'object')} and ${areFields(value, attributes)}`,
    },
    status: {
      type: name,
      columns: ['status'],
      accepts: (value) => sql`${value} in ('PENDING', 'PUBLISHED', 'DEAD')`,
    },
    count: { type: integer, columns: ['attempts', 'crashes'], accepts: (value) => sql`${value} >= 0` },
    limit: { type: integer, columns: ['max_attempts'], accepts: (value) => sql`${value} >= 1` },
  }
}
