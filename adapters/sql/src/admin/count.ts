import type { OutboxCounts } from '@waybill/core/contracts'
import { type Expression, type RawBuilder, sql } from 'kysely'
import { expiredLease, type SqlContext } from '../dialect.ts'
import { onlyRow, type SqlExecutor } from '../executor.ts'
import { once } from '../lanes/pending-rows.ts'

/** Rows counted by one statement, so that none takes long. The counts are therefore not those of one moment. */
const rowsPerStatement = 50_000

const immediate = sql<boolean>`status = 'PENDING' and available_at is null`
const scheduled = sql<boolean>`status = 'PENDING' and available_at is not null`

/** Each count goes along an index. What is published is the rest, so that history is not read. */
export async function countMessages(context: SqlContext, executor: SqlExecutor): Promise<OutboxCounts> {
  const total = await countAlong(context, executor, 'id', sql`1 = 1`)
  const ready = await countAlong(context, executor, 'position', immediate)
  const rest = onlyRow(
    (await executor.execute(others(context, await positionsInWindows(context, executor)).compile())).rows,
  )
  const pending = ready + rest.scheduled
  const waiting = [rest.oldest, rest.oldest_due].filter((since) => since !== null)
  return {
    pending: Math.max(0, pending - rest.processing),
    processing: rest.processing,
    published: Math.max(0, total - pending - rest.dead),
    dead: rest.dead,
    oldestPendingAgeMs: waiting.length === 0 ? null : Math.max(0, rest.now - Math.min(...waiting)),
  }
}

async function countAlong(
  { builder, table }: SqlContext,
  executor: SqlExecutor,
  column: 'id' | 'position',
  condition: RawBuilder<boolean>,
): Promise<number> {
  let sum = 0
  let after: number | string = column === 'id' ? '' : 0
  for (;;) {
    const piece = builder
      .selectFrom(table.messages)
      .select(column)
      .where(column, '>', after)
      .where(condition)
      .orderBy(column)
      .limit(rowsPerStatement)
    // By the column's own name, or an executor could take the id for a number.
    const last = sql<number | string | null>`max(${sql.ref(column)})`.as(column)
    const query = builder.selectFrom(piece.as('piece')).select([sql<number>`count(*)`.as('count'), last])
    const row = onlyRow((await executor.execute(query.compile())).rows)
    sum += row.count
    const next = row[column]
    if (row.count < rowsPerStatement || next === null) return sum
    after = next
  }
}

async function positionsInWindows(context: SqlContext, executor: SqlExecutor): Promise<readonly number[]> {
  const live = context.builder
    .selectFrom(context.table.relays)
    .select('window_positions')
    .where(sql<boolean>`not ${expiredLease(context.dialect)}`)
  const { rows } = await executor.execute(live.compile())
  return rows.flatMap((row): readonly number[] => JSON.parse(row.window_positions))
}

function others({ builder, dialect, table }: SqlContext, inWindows: readonly number[]) {
  const { now } = dialect
  const messages = builder.selectFrom(table.messages)
  const count = (condition: RawBuilder<boolean>) => messages.select(sql<number>`count(*)`.as('count')).where(condition)
  const listed = dialect.oneOf(sql.ref('position'), sql`${dialect.list(inWindows)}`, 'number')
  const oldest = messages.select('enqueued_at').where(immediate).orderBy('position').limit(1)
  const due = messages.select('available_at').where(sql<boolean>`${scheduled} and available_at <= ${once(now)}`)
  const one = <T>(query: Expression<unknown>) => sql<T>`${query}`
  return builder.selectNoFrom([
    now.as('now'),
    one<number>(count(scheduled)).as('scheduled'),
    one<number>(count(sql`status = 'DEAD'`)).as('dead'),
    one<number>(count(sql`status = 'PENDING' and ${listed}`)).as('processing'),
    one<number | null>(oldest).as('oldest'),
    one<number | null>(due.orderBy('available_at').limit(1)).as('oldest_due'),
  ])
}
