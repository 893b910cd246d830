import type { OutboxMessage } from '@waybill/core/contracts'
import { sql } from 'kysely'
import type { SqlContext } from './dialect.ts'
import type { Statement } from './executor.ts'
import { type InsertRow, toInsertRow } from './message-row.ts'
import { kept, type Template, template } from './template.ts'

/** Statements that insert messages in their order, at most `rowsPerStatement` in each. */
export type InsertStatements = (messages: readonly OutboxMessage[], rowsPerStatement: number) => Generator<Statement>

/** How many different inserts are kept compiled. */
const keptInserts = 64

/** What many messages lack. A column that all messages of an insert lack is left out of it: each value has its price. */
const optionalColumns = [
  'ordering_key',
  'headers',
  'attributes',
  'aggregate_type',
  'aggregate_id',
  'max_attempts',
  'available_at',
  'expires_at',
  'delay_ms',
] as const

type OptionalColumn = (typeof optionalColumns)[number]

export function insertStatements(context: SqlContext): InsertStatements {
  const insert = insertRows(context)
  return function* (messages, rowsPerStatement) {
    for (let start = 0; start < messages.length; start += rowsPerStatement) {
      yield insert(messages.slice(start, start + rowsPerStatement).map(toInsertRow))
    }
  }
}

/** Makes the statement that inserts all rows, in their order. */
export function insertRows(context: SqlContext): (rows: readonly InsertRow[]) => Statement {
  const templateOf = kept((shape: string) => {
    const [size, present] = shape.split(':').map(Number)
    return insertTemplate(context, size ?? 0, present ?? 0)
  }, keptInserts)
  return (rows) => templateOf(`${rows.length}:${presentColumns(rows)}`)(rows)
}

/** One bit for each of {@link optionalColumns}. */
function presentColumns(rows: readonly InsertRow[]): number {
  let present = 0
  for (const row of rows) {
    for (let index = 0; index < optionalColumns.length; index++) {
      if (row[optionalColumns[index] as OptionalColumn] !== null) present |= 1 << index
    }
  }
  return present
}

function insertTemplate(context: SqlContext, size: number, present: number): Template<readonly InsertRow[]> {
  const { builder, dialect, table } = context
  const columns = optionalColumns.filter((_, index) => (present & (1 << index)) !== 0)
  return template((parameter) => {
    const row = (index: number) => {
      const value = <Name extends keyof InsertRow>(name: Name) =>
        parameter((rows: readonly InsertRow[]) => rows[index]?.[name] as InsertRow[Name])
      const optional = (name: OptionalColumn) => ({ [name]: value(name) })
      // A delay counts from now by the database's clock.
      const due = () => ({
        available_at: sql<number>`coalesce(${value('available_at')}, ${dialect.now} + ${value('delay_ms')})`,
      })
      return Object.assign(
        {
          id: (size === 1 && dialect.insertedId?.(value('id'))) || value('id'),
          topic: value('topic'),
          type: value('type'),
          payload: value('payload'),
          created_at: value('created_at'),
        },
        ...columns.map((name) => (name === 'delay_ms' ? due() : optional(name))),
      )
    }
    return builder.insertInto(table.messages).values(Array.from({ length: size }, (_, index) => row(index)))
  })
}
