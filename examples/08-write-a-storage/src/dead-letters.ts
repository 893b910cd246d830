import type { DatabaseSync } from 'node:sqlite'
import {
  ConfigurationError,
  type DeadLetter,
  type DeadLetterFilter,
  type OutboxDeadLetters,
} from '@waybill/core/contracts'
import type { Database } from './database.ts'
import { insertMessage, type MessageRow, toMessage, toParameters } from './message-row.ts'

const selected = `
  select * from waybill_messages
  where status = 'DEAD'
    and (:ids is null or id in (select value from json_each(:ids)))
    and (:topic is null or topic = :topic)
    and (:type is null or type = :type)
    and (:orderingKey is null or ordering_key = :orderingKey)
    and (:reason is null or dead_reason = :reason)`

/** What operators do with dead letters. */
export function nodeSqliteDeadLetters(database: Database): OutboxDeadLetters {
  return {
    async list(filter = {}, { signal } = {}) {
      signal?.throwIfAborted()
      const oldestFirst = `order by settled_at, position limit ${Number(filter.limit ?? 100)}`
      return await database.read((sql) => select(sql, filter, oldestFirst).map(deadLetter))
    },
    async redrive(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('redrive', filter)
      return await database.write((sql) => forEach(sql, filter, (row) => redrive(sql, row, database.now())))
    },
    async discard(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('discard', filter)
      return await database.write((sql) => forEach(sql, filter, (row) => remove(sql, row)))
    },
  }
}

function select(sql: DatabaseSync, filter: DeadLetterFilter, end: string): readonly MessageRow[] {
  const { ids, topic = null, type = null, orderingKey = null, reason = null } = filter
  const values = { ids: ids === undefined ? null : JSON.stringify(ids), topic, type, orderingKey, reason }
  return sql.prepare(`${selected} ${end}`).all(values) as unknown as readonly MessageRow[]
}

function forEach(sql: DatabaseSync, filter: DeadLetterFilter, change: (row: MessageRow) => void): number {
  const rows = select(sql, filter, 'order by position')
  for (const row of rows) change(row)
  return rows.length
}

/** A new row, and with it a new position: the end of its key. */
function redrive(sql: DatabaseSync, row: MessageRow, now: number): void {
  const { expiresAt: _, ...message } = toMessage(row)
  remove(sql, row)
  sql.prepare(insertMessage).run(toParameters(message, now))
}

function remove(sql: DatabaseSync, { position }: MessageRow): void {
  sql.prepare('delete from waybill_messages where position = ?').run(position)
}

function deadLetter(row: MessageRow): DeadLetter {
  return {
    message: toMessage(row),
    reason: row.dead_reason as DeadLetter['reason'],
    error: JSON.parse(row.last_error ?? 'null'),
    attempts: row.attempts,
    crashes: row.crashes,
    diedAt: row.settled_at ?? 0,
  }
}

function refuseEmpty(operation: string, { all, ids, topic, type, orderingKey, reason }: DeadLetterFilter): void {
  if (all === true || [ids, topic, type, orderingKey, reason].some((condition) => condition !== undefined)) return
  const rule = 'must have a condition, or `all: true` if all dead letters are meant'
  throw new ConfigurationError(`deadLetters.${operation}`, [{ option: 'filter', value: {}, rule }])
}
