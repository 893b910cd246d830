import {
  ConfigurationError,
  type DeadLetter,
  type DeadLetterFilter,
  type OutboxDeadLetters,
} from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import { type StoredMessage, storedMessage } from '../database/stored-message.ts'
import { type Schedule, scheduled } from './schedule.ts'

/** What operators do with dead letters, each in one durable commit. */
export function memoryDeadLetters(database: MemoryDatabase, schedule?: Schedule): OutboxDeadLetters {
  return {
    async list(filter = {}, { signal } = {}) {
      signal?.throwIfAborted()
      return matching(database, filter)
        .slice(0, filter.limit ?? 100)
        .map(deadLetter)
    },
    async redrive(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('redrive', filter)
      return scheduled(schedule, 'redrive', () => change(database, filter, redrive))
    },
    async discard(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('discard', filter)
      return scheduled(schedule, 'discard', () => change(database, filter, discard))
    },
  }
}

type Change = (database: MemoryDatabase, stored: StoredMessage) => void

function change(database: MemoryDatabase, filter: DeadLetterFilter, apply: Change): number {
  const chosen = matching(database, filter).sort((left, right) => left.row.position - right.row.position)
  for (const stored of chosen) apply(database, stored)
  if (chosen.length > 0) database.flush()
  return chosen.length
}

/** A new position at the end of its key: its followers have gone on without it. */
function redrive(database: MemoryDatabase, stored: StoredMessage): void {
  const { expiresAt, ...message } = stored.row.message
  const redriven = storedMessage(message, database.nextPosition(), database.now())
  database.messages.remove(stored)
  database.addMessage({ ...redriven, lastError: stored.lastError })
}

function discard(database: MemoryDatabase, stored: StoredMessage): void {
  database.messages.remove(stored)
}

function matching(database: MemoryDatabase, filter: DeadLetterFilter): StoredMessage[] {
  const { ids, topic, type, orderingKey, reason } = filter
  const matches = ({ row: { message }, deadReason }: StoredMessage) =>
    (ids === undefined || ids.includes(message.id)) &&
    (topic === undefined || message.topic === topic) &&
    (type === undefined || message.type === type) &&
    (orderingKey === undefined || message.orderingKey === orderingKey) &&
    (reason === undefined || deadReason === reason)
  return [...database.messages.dead].filter(matches)
}

function deadLetter({ row, deadReason, lastError, settledAt }: StoredMessage): DeadLetter {
  if (deadReason === null || lastError === null) throw new TypeError(`Message '${row.message.id}' is not dead`)
  const { message, attempts, crashes } = row
  return { message, reason: deadReason, error: lastError, attempts, crashes, diedAt: settledAt }
}

function refuseEmpty(subject: string, filter: DeadLetterFilter): void {
  const { all, ids, topic, type, orderingKey, reason } = filter
  if (all === true || [ids, topic, type, orderingKey, reason].some((condition) => condition !== undefined)) return
  const rule = 'must have a condition, or `all: true` if all dead letters are meant'
  throw new ConfigurationError(`deadLetters.${subject}`, [{ option: 'filter', value: filter, rule }])
}
