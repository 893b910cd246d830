import type { MessageInspection, OutboxAdmin, PruneOptions } from '@waybill/core/contracts'
import { type LaneRowColumns, onlyRow, readColumns, type SqlContext, type SqlExecutor, toLaneRow } from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import { named } from '../schema/statement.ts'

/**
 * The same, of messages that have moved into the history as well. Whoever looks there last misses nothing: a message leaves
 * for the history, and never comes back.
 */
export function withHistory(admin: OutboxAdmin, context: SqlContext, executor: SqlExecutor): OutboxAdmin {
  return {
    ...admin,
    inspect: async (id, options) => (await admin.inspect(id, options)) ?? (await inspectHistory(context, executor, id)),
    async count(options) {
      const counts = await admin.count(options)
      const count = sql<{ count: number }>`select count(*) as count from ${named(context, 'history')}`
      const moved = await rowOf(context, executor, count)
      return { ...counts, published: counts.published + moved.count }
    },
    async prune(options) {
      const removed = await admin.prune(options)
      return removed + (await pruneHistory(context, executor, options))
    },
  }
}

async function inspectHistory(
  context: SqlContext,
  executor: SqlExecutor,
  id: string,
): Promise<MessageInspection | null> {
  const columns = sql.join([...readColumns, 'last_error'].map((column) => sql.ref(column)))
  // Should an id have been used again, the last message of that id is meant.
  const query = sql<LaneRowColumns & { readonly last_error: string | null }>`
    select ${columns} from ${named(context, 'history')} where id = ${id} order by published_at desc, position desc limit 1`
  const [row] = (await executor.execute(query.compile(context.builder))).rows
  if (row === undefined) return null
  const { message, lane, attempts, crashes } = toLaneRow(row, 0)
  const lastError = row.last_error === null ? null : JSON.parse(row.last_error)
  return {
    message,
    status: 'PUBLISHED',
    attempts,
    crashes,
    suspect: false,
    lane,
    owner: null,
    obstacles: [],
    lastError,
  }
}

/** What is younger than a day, or shares its day with what is younger, is removed row by row, in bounded statements. */
async function pruneHistory(context: SqlContext, executor: SqlExecutor, options: PruneOptions): Promise<number> {
  const { olderThanMs, batchSize = 1000, signal } = options
  let removed = 0
  for (let after = ''; ; ) {
    signal?.throwIfAborted()
    const step = await rowOf(context, executor, pruneStep(context, { after, rows: batchSize, olderThanMs }))
    removed += step.removed
    if (step.id === null || step.seen < batchSize) return removed
    after = step.id
  }
}

interface Step {
  readonly removed: number
  readonly seen: number
  /** The last one that was looked at. */
  readonly id: string | null
}

function pruneStep(
  context: SqlContext,
  step: { readonly after: string; readonly rows: number; readonly olderThanMs: number },
): RawBuilder<Step> {
  const history = named(context, 'history')
  const isOld = sql`published_at <= (select ${context.dialect.now}) - ${step.olderThanMs}::bigint`
  return sql<Step>`
    with looked as (
      select id from ${history} where id > ${step.after} order by id limit ${step.rows}
    ), removed as (
      delete from ${history} where id in (select id from looked) and ${isOld} returning id
    )
    select count(*) as seen, max(id) as id, (select count(*) from removed) as removed from looked`
}

async function rowOf<Row>(context: SqlContext, executor: SqlExecutor, query: RawBuilder<Row>): Promise<Row> {
  return onlyRow((await executor.execute(query.compile(context.builder))).rows)
}
