import type { OutboxCounts } from '@waybill/core/contracts'
import { type Expression, type RawBuilder, sql } from 'kysely'
import { expiredLease, type SqlContext } from '../dialect.ts'
import { onlyRow, type SqlExecutor } from '../executor.ts'
import { once } from '../lanes/pending-rows.ts'

export async function countMessages(context: SqlContext, executor: SqlExecutor): Promise<OutboxCounts> {
  const { builder, dialect, table } = context
  const windows = builder
    .selectFrom(table.relays)
    .select('window_positions')
    .where(sql<boolean>`not ${expiredLease(dialect)}`)
  const { rows } = await executor.execute(windows.compile())
  const inWindows = rows.flatMap((row): readonly number[] => JSON.parse(row.window_positions))
  const row = onlyRow((await executor.execute(counts(context, inWindows).compile())).rows)
  const waiting = [row.oldest, row.oldest_due].filter((since) => since !== null)
  return {
    pending: row.pending + row.scheduled - row.processing,
    processing: row.processing,
    published: row.total - row.pending - row.scheduled - row.dead,
    dead: row.dead,
    oldestPendingAgeMs: waiting.length === 0 ? null : Math.max(0, row.now - Math.min(...waiting)),
  }
}

/** One statement of counts that an index answers each; what is published is the rest, so that history is not read. */
function counts({ builder, dialect, table }: SqlContext, inWindows: readonly number[]) {
  const { now } = dialect
  const immediate = sql<boolean>`status = 'PENDING' and available_at is null`
  const scheduled = sql<boolean>`status = 'PENDING' and available_at is not null`
  const windowed = dialect.oneOf(sql.ref('position'), sql`${dialect.list(inWindows)}`, 'number')
  const count = (condition: Expression<boolean>): RawBuilder<number> =>
    sql`(${builder
      .selectFrom(table.messages)
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where(condition)})`
  const oldest = builder.selectFrom(table.messages).select('enqueued_at').where(immediate).orderBy('position').limit(1)
  const oldestDue = builder
    .selectFrom(table.messages)
    .select('available_at')
    .where(sql<boolean>`${scheduled} and available_at <= ${once(now)}`)
    .orderBy('available_at')
    .limit(1)
  return builder.selectNoFrom([
    now.as('now'),
    count(sql`1 = 1`).as('total'),
    count(immediate).as('pending'),
    count(scheduled).as('scheduled'),
    count(sql`status = 'DEAD'`).as('dead'),
    count(sql`status = 'PENDING' and ${windowed}`).as('processing'),
    sql<number | null>`(${oldest})`.as('oldest'),
    sql<number | null>`(${oldestDue})`.as('oldest_due'),
  ])
}
