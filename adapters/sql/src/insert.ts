import type { OutboxMessage } from '@waybill/core/contracts'
import { sql } from 'kysely'
import type { SqlContext } from './dialect.ts'
import type { Statement } from './executor.ts'
import { type InsertRow, toInsertRow } from './message-row.ts'
import { kept, type Template, template } from './template.ts'

/** Statements that insert messages in their order, at most `rowsPerStatement` in each. */
export type InsertStatements = (messages: readonly OutboxMessage[], rowsPerStatement: number) => Generator<Statement>

/** How many differently sized inserts are kept compiled. */
const keptSizes = 32

export function insertStatements(context: SqlContext): InsertStatements {
  const absolute = kept((size: number) => insertTemplate(context, size, false), keptSizes)
  const delayed = kept((size: number) => insertTemplate(context, size, true), keptSizes)
  return function* (messages, rowsPerStatement) {
    for (let start = 0; start < messages.length; start += rowsPerStatement) {
      const rows = messages.slice(start, start + rowsPerStatement).map(toInsertRow)
      yield (rows.some((row) => row.delay_ms !== null) ? delayed : absolute)(rows.length)(rows)
    }
  }
}

/** `delayed`: a delay counts from now by the database's clock. Its own variant, because most rows have none. */
export function insertTemplate(context: SqlContext, size: number, delayed: boolean): Template<readonly InsertRow[]> {
  const { builder, dialect, table } = context
  return template((parameter) => {
    const row = (index: number) => {
      const value = <Name extends keyof InsertRow>(name: Name) =>
        parameter((rows: readonly InsertRow[]) => rows[index]?.[name] as InsertRow[Name])
      const due = sql<number>`coalesce(${value('available_at')}, ${dialect.now} + ${value('delay_ms')})`
      return {
        id: value('id'),
        topic: value('topic'),
        type: value('type'),
        ordering_key: value('ordering_key'),
        payload: value('payload'),
        headers: value('headers'),
        attributes: value('attributes'),
        aggregate_type: value('aggregate_type'),
        aggregate_id: value('aggregate_id'),
        max_attempts: value('max_attempts'),
        available_at: delayed ? due : value('available_at'),
        expires_at: value('expires_at'),
        created_at: value('created_at'),
      }
    }
    return builder.insertInto(table.messages).values(Array.from({ length: size }, (_, index) => row(index)))
  })
}
