import {
  ConfigurationError,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadReason,
  type FailureSummary,
  type OutboxDeadLetters,
} from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import { onlyRow, type SqlDatabase, type SqlTransaction } from '../executor.ts'
import { insertRows } from '../insert.ts'
import { deleteListed } from '../listed-rows.ts'
import { messageColumns, toMessage } from '../message-row.ts'

/** Dead letters brought back or thrown away in one transaction. */
const lettersPerTransaction = 100

export function sqlDeadLetters(context: SqlContext, database: () => Promise<SqlDatabase>): OutboxDeadLetters {
  return {
    async list(filter = {}, { signal } = {}) {
      signal?.throwIfAborted()
      const query = letters(context, filter).limit(filter.limit ?? 100)
      const { rows } = await (await database()).execute(query.compile())
      return rows.map(toDeadLetter)
    },
    async redrive(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('redrive', filter)
      return inBatches(context, await database(), filter, redrive)
    },
    async discard(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('discard', filter)
      return inBatches(context, await database(), filter, remove)
    },
  }
}

type Letter = Awaited<ReturnType<ReturnType<typeof letters>['execute']>>[number]

function letters(context: SqlContext, filter: DeadLetterFilter) {
  return context.builder
    .selectFrom(context.table.messages)
    .select(messageColumns)
    .select(['position', 'attempts', 'crashes', 'died_at', 'dead_reason', 'last_error'])
    .where('status', '=', sql.lit('DEAD'))
    .where(sql<boolean>`${sql.join([sql`1 = 1`, ...conditions(context, filter)], sql` and `)}`)
    .orderBy('died_at')
    .orderBy('position')
}

function conditions({ dialect }: SqlContext, filter: DeadLetterFilter): readonly RawBuilder<boolean>[] {
  const { ids, topic, type, orderingKey, reason } = filter
  const equal = (column: string, value: string | undefined): readonly RawBuilder<boolean>[] =>
    value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`]
  return [
    ...(ids === undefined ? [] : [dialect.oneOf(sql.ref('id'), sql`${dialect.list(ids)}`, 'text')]),
    ...equal('topic', topic),
    ...equal('type', type),
    ...equal('ordering_key', orderingKey),
    ...equal('dead_reason', reason),
  ]
}

type Change = (context: SqlContext, tx: SqlTransaction, letters: readonly Letter[]) => Promise<void>

/** What dies while this runs is left alone, or a message that dies again at once would be brought back for ever. */
async function inBatches(
  context: SqlContext,
  database: SqlDatabase,
  filter: DeadLetterFilter,
  change: Change,
): Promise<number> {
  const clock = context.builder.selectNoFrom(context.dialect.now.as('now')).compile()
  const { now } = onlyRow((await database.execute(clock)).rows)
  // Held, lest two who redrive at the same time bring back the same letter twice.
  const query = letters(context, filter)
    .where('died_at', '<=', now)
    .limit(lettersPerTransaction)
    .modifyEnd(context.dialect.holdAgainst.change)
    .compile()
  for (let sum = 0; ; ) {
    const count = await database.transaction(async (tx) => {
      const found = await tx.read(query)
      if (found.length > 0) await change(context, tx, found)
      return found.length
    })
    sum += count
    if (count < lettersPerTransaction) return sum
  }
}

/** A new row, for only the insert draws a position: the end of the key, where relays have yet to look. */
async function redrive(context: SqlContext, tx: SqlTransaction, letters: readonly Letter[]): Promise<void> {
  await remove(context, tx, letters)
  const rows = letters.map((letter) => ({ ...letter, expires_at: null, delay_ms: null }))
  await tx.write(insertRows(context)(rows))
}

async function remove(context: SqlContext, tx: SqlTransaction, letters: readonly Letter[]): Promise<void> {
  const { builder, dialect, table } = context
  const list = sql`${dialect.list(letters.map((letter) => letter.position))}`
  const listed = (column: string) => dialect.oneOf(sql.ref(column), list, 'number')
  await tx.write(deleteListed(context).where(listed('position')).compile())
  await tx.write(builder.deleteFrom(table.suspects).where(listed('position')).compile())
  await tx.write(builder.deleteFrom(table.holds).where(listed('head')).compile())
}

function toDeadLetter(letter: Letter): DeadLetter {
  return {
    message: toMessage(letter),
    // The table's checks give every dead row a reason, a time and, by whoever buried it, an error.
    reason: letter.dead_reason as DeadReason,
    error: JSON.parse(letter.last_error ?? '{}') as FailureSummary,
    attempts: letter.attempts,
    crashes: letter.crashes,
    diedAt: letter.died_at ?? 0,
  }
}

function refuseEmpty(operation: 'redrive' | 'discard', filter: DeadLetterFilter): void {
  const { all, ids, topic, type, orderingKey, reason } = filter
  if (all === true || [ids, topic, type, orderingKey, reason].some((condition) => condition !== undefined)) return
  const rule = 'must have a condition, or `all: true` if all dead letters are meant'
  throw new ConfigurationError(`deadLetters.${operation}`, [{ option: 'filter', value: filter, rule }])
}
