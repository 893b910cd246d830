import { ConfigurationError, type InboxDeadLetterFilter } from '@waybill/core/contracts'
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import { once } from '../lanes/pending-rows.ts'
import type { Tables } from '../tables.ts'
import { type LetterRow, searchable } from './letter-row.ts'

type Letters<Row> = SelectQueryBuilder<Tables, 'inbox_dead_letters', Row>

/** Letters that match, oldest burial first. */
export function letterRows(context: SqlContext, filter: InboxDeadLetterFilter): Letters<LetterRow> {
  const { builder, dialect, table } = context
  return builder
    .selectFrom(table.inbox_dead_letters)
    .selectAll()
    .select(sql<number | null>`due_at - ${dialect.now}`.as('due_in'))
    .where(matching(context, filter))
    .orderBy('position')
}

/** That all conditions of a filter hold. */
export function matching({ dialect }: SqlContext, filter: InboxDeadLetterFilter): RawBuilder<boolean> {
  const { consumer, keys, topic, type, orderingKey, reason } = filter
  const equal = (column: string, value: string | undefined): readonly RawBuilder<boolean>[] =>
    value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`]
  const conditions = [
    sql<boolean>`1 = 1`,
    ...equal('consumer', consumer),
    ...(keys === undefined ? [] : [dialect.oneOf(sql.ref('key'), sql`${dialect.list(keys)}`, 'text')]),
    ...equal('topic', topic && searchable(topic)),
    ...equal('type', type && searchable(type)),
    ...equal('ordering_key', orderingKey && searchable(orderingKey)),
    ...equal('reason', reason),
  ]
  return sql`(${sql.join(conditions, sql` and `)})`
}

/** That a letter is due, and nothing older of its scope is. */
export function foremost({ dialect, table, builder }: SqlContext): RawBuilder<boolean> {
  const letter = table.inbox_dead_letters
  const [now, own] = [once(dialect.now), (column: string) => sql.ref(`${letter}.${column}`)]
  const older = builder
    .selectFrom(`${letter} as older` as 'inbox_dead_letters as older')
    .select(sql<number>`1`.as('one'))
    .where(sql<boolean>`older.consumer = ${own('consumer')} and older.scope = ${own('scope')}`)
    .where(sql<boolean>`older.position < ${own('position')} and older.due_at <= ${now}`)
  return sql`(${own('due_at')} <= ${now} and not exists ${older})`
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
