import { ConfigurationError, type InboxDeadLetter, type InboxDeadLetterFilter } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'

/** Dead letters by consumer and key. */
export const letterTable = 'waybill.inbox_dead_letters'

export interface StoredLetter extends Omit<InboxDeadLetter, 'redriveInMs'> {
  /** In the order of the first burials. */
  readonly position: number
  /** `null`: it stays. */
  readonly dueAt: number | null
}

/** Letters in the order of their first burials. */
export function lettersOf(rows: ReadonlyMap<string, unknown>): readonly StoredLetter[] {
  const letters = [...rows.values()] as StoredLetter[]
  return letters.sort((left, right) => left.position - right.position)
}

/** What is due, and nothing older of its scope is. */
export function foremost(letters: readonly StoredLetter[], consumer: string, now: number): readonly StoredLetter[] {
  const scopes = new Set<string>()
  return letters.filter((letter) => {
    if (letter.receipt.consumer !== consumer || letter.dueAt === null || letter.dueAt > now) return false
    if (letter.scope === undefined) return true
    const isFirst = !scopes.has(letter.scope)
    scopes.add(letter.scope)
    return isFirst
  })
}

export function matches(filter: InboxDeadLetterFilter): (letter: StoredLetter) => boolean {
  const { consumer, keys, topic, type, orderingKey, reason } = filter
  return ({ receipt, message, source, reason: died }) =>
    (consumer === undefined || receipt.consumer === consumer) &&
    (keys === undefined || keys.includes(receipt.key)) &&
    (topic === undefined || (message?.topic ?? source.topic) === topic) &&
    (type === undefined || message?.type === type) &&
    (orderingKey === undefined || message?.orderingKey === orderingKey) &&
    (reason === undefined || died === reason)
}

/** A copy that its reader may do with what he likes. */
export function toDeadLetter(database: MemoryDatabase, stored: StoredLetter): InboxDeadLetter {
  const { position, dueAt, ...letter } = structuredClone(stored)
  return { ...letter, redriveInMs: dueAt === null ? null : dueAt - database.now() }
}

/** @throws {@link ConfigurationError} */
export function refuseEmpty(operation: 'redrive' | 'discard', filter: InboxDeadLetterFilter): void {
  const { all, consumer, keys, topic, type, orderingKey, reason } = filter
  const conditions = [consumer, keys, topic, type, orderingKey, reason]
  if (all === true || conditions.some((condition) => condition !== undefined)) return
  const rule = 'must have a condition, or `all: true` if all dead letters are meant'
  throw new ConfigurationError(`deadLetters.${operation}`, [{ option: 'filter', value: filter, rule }])
}

/** @throws {@link ConfigurationError} */
export function refuseBadRate(perSecond: number | undefined): void {
  if (perSecond === undefined || perSecond > 0) return
  const problem = { option: 'perSecond', value: perSecond, rule: 'must be greater than 0' }
  throw new ConfigurationError('deadLetters.redrive', [problem])
}
