import type { InboxDeadLetterFilter, InboxDeadLetters } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import { onlyRow, type SqlExecutor } from '../executor.ts'
import { letterRows, matching, refuseBadRate, refuseEmpty } from './letter-queries.ts'
import { toBuffer, toLetter } from './letter-row.ts'
import { type InboxParts, repeated } from './parts.ts'

/** Letters changed in one transaction. */
const lettersPerTransaction = 100

type Operations = Pick<InboxDeadLetters<never>, 'list' | 'redrive' | 'edit' | 'discard'>

/** What operators do. */
export function letterOperations<Tx>(context: SqlContext, parts: InboxParts<Tx>): Operations {
  const { builder, dialect, table } = context
  return {
    async list(filter = {}, { signal } = {}) {
      signal?.throwIfAborted()
      const { rows } = await parts.executor.execute(
        letterRows(context, filter)
          .limit(filter.limit ?? 100)
          .compile(),
      )
      return rows.map(toLetter)
    },
    async redrive(filter, { signal, perSecond, dryRun = false } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('redrive', filter)
      refuseBadRate(perSecond)
      return dryRun ? countMessages(context, parts.executor, filter) : redrive(context, parts, filter, perSecond)
    },
    async edit({ consumer, key }, payload, { signal } = {}) {
      signal?.throwIfAborted()
      const chosen = matching(context, { consumer, keys: [key] })
      const change: Change = (positions) =>
        builder
          .updateTable(table.inbox_dead_letters)
          .set({ edited_payload: payload && toBuffer(payload) })
          .where(dialect.oneOf(sql.ref('position'), sql`${dialect.list(positions)}`, 'number'))
          .compile()
      return (await inBatches(context, parts, { chosen, hold: dialect.holdAgainst.change, change })) > 0
    },
    async discard(filter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('discard', filter)
      const change: Change = (positions) =>
        builder
          .deleteFrom(table.inbox_dead_letters)
          .where(dialect.oneOf(sql.ref('position'), sql`${dialect.list(positions)}`, 'number'))
          .compile()
      const chosen = matching(context, filter)
      return inBatches(context, parts, { chosen, hold: dialect.holdAgainst.change, change })
    },
  }
}

async function countMessages(
  context: SqlContext,
  executor: SqlExecutor,
  filter: InboxDeadLetterFilter,
): Promise<number> {
  const query = context.builder
    .selectFrom(context.table.inbox_dead_letters)
    .select(sql<number>`count(*)`.as('count'))
    .where(matching(context, filter))
    .where('message', 'is not', null)
  return Number(onlyRow((await executor.execute(query.compile())).rows).count)
}

/** Passes over what somebody has in hand, which has come back already, and over what dies meanwhile. */
async function redrive<Tx>(
  context: SqlContext,
  parts: InboxParts<Tx>,
  filter: InboxDeadLetterFilter,
  perSecond: number | undefined,
): Promise<number> {
  const { builder, dialect, table } = context
  const clock = await parts.executor.execute(builder.selectNoFrom(dialect.now.as('now')).compile())
  const now = Number(onlyRow(clock.rows).now)
  const dueAt = (place: number) => now + (perSecond === undefined ? 0 : Math.floor((place * 1000) / perSecond))
  return inBatches(context, parts, {
    chosen: sql`${matching(context, filter)} and message is not null and died_at <= ${now}`,
    hold: parts.server.skipLocked,
    change(positions, before) {
      const cases = positions.map(
        (position, index) => sql`when ${sql.lit(position)} then ${sql.lit(dueAt(before + index))}`,
      )
      return builder
        .updateTable(table.inbox_dead_letters)
        .set({ redrives: sql`redrives + 1`, due_at: sql`case position ${sql.join(cases, sql` `)} end` })
        .where(dialect.oneOf(sql.ref('position'), sql`${dialect.list(positions)}`, 'number'))
        .compile()
    },
  })
}

/** @param before - How many were changed before these. */
type Change = (positions: readonly number[], before: number) => Parameters<SqlExecutor['execute']>[0]

interface Batches {
  readonly chosen: RawBuilder<boolean>
  readonly hold: RawBuilder<unknown>
  readonly change: Change
}

/** Changes what is chosen, oldest burial first, in bounded transactions. Answers how many. */
async function inBatches<Tx>(
  { builder, table }: SqlContext,
  parts: InboxParts<Tx>,
  { chosen, hold, change }: Batches,
): Promise<number> {
  let [sum, after] = [0, 0]
  for (;;) {
    const query = builder
      .selectFrom(table.inbox_dead_letters)
      .select('position')
      .where(chosen)
      .where('position', '>', after)
      .orderBy('position')
      .limit(lettersPerTransaction)
      .modifyEnd(hold)
      .compile()
    const positions = await repeated(() =>
      parts.transaction(async (executor) => {
        const found = (await executor.execute(query)).rows.map(({ position }) => Number(position))
        if (found.length > 0) await executor.execute(change(found, sum))
        return found
      }),
    )
    sum += positions.length
    if (positions.length < lettersPerTransaction) return sum
    after = positions.at(-1) ?? after
  }
}
