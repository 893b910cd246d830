import type { LaneRead, LaneReadResult } from '@waybill/core/lanes'
import {
  byFilters,
  type LaneRowColumns,
  nextDue,
  onlyRow,
  pendingQuery,
  type RowKind,
  readColumns,
  type SqlContext,
  type SqlExecutor,
  type Template,
  template,
  toLaneRow,
} from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import { endedWriters } from './writers.ts'

/**
 * Reads in one statement, which is one snapshot: rows after the floor, scheduled rows that are due, and last a row of facts.
 *
 * @param generation - Grows with every new connection.
 */
export function postgresRead(
  context: SqlContext,
  executor: SqlExecutor,
  generation: () => number,
): (request: LaneRead) => Promise<LaneReadResult> {
  const of = (watching: boolean) => byFilters((mask, like) => readTemplate(context, { mask, like, watching }))
  const [usual, watching] = [of(false), of(true)]
  return async (request) => {
    const statement = (request.watch.length === 0 ? usual : watching)(request)(request)
    const { rows } = await executor.execute(statement)
    const facts = factsOf(onlyRow(rows.slice(-1)))
    const found = rows.slice(0, -1)
    const scheduled = found.some((row) => row.available_at !== null)
    if (scheduled) found.sort((a, b) => a.position - b.position)
    return {
      rows: found.slice(0, request.limit).map((row) => toLaneRow(row, facts.now)),
      now: facts.now,
      nextAvailableAt: found.length < request.limit ? facts.nextAvailableAt : null,
      endedWriters: facts.endedWriters,
      epoch: `${facts.server} ${generation()}`,
    }
  }
}

interface Variant {
  readonly mask: number
  readonly like: LaneRead
  /** Asks after writers. */
  readonly watching: boolean
}

function readTemplate(context: SqlContext, { mask, like, watching }: Variant): Template<LaneRead, LaneRowColumns> {
  return template((parameter) => {
    const lanes = like.lanes === null ? null : parameter((request) => context.dialect.list(request.lanes ?? []))
    const facts = sql`(${factsQuery(context, {
      nextAvailableAt: like.upTo === null ? sql`(${nextDue(context, lanes)})` : sql`null`,
      endedWriters: watching
        ? endedWriters(
            context,
            parameter((request) => JSON.stringify(request.watch)),
          )
        : sql`'[]'`,
    })})`
    const rows = (kind: RowKind) => sql`(${pendingQuery(context, { kind, mask, parameter })})`
    const parts = like.upTo === null ? [rows('immediate'), rows('scheduled'), facts] : [rows('immediate'), facts]
    const query = sql<LaneRowColumns>`${sql.join(parts, sql` union all `)}`
    return { compile: () => query.compile(context.builder) }
  })
}

interface Facts<Time, Writers> {
  readonly nextAvailableAt: Time
  readonly endedWriters: Writers
}

/** What goes for the whole read, in the columns of a row. */
function factsQuery(
  { dialect }: SqlContext,
  { nextAvailableAt, endedWriters }: Facts<RawBuilder<unknown>, RawBuilder<unknown>>,
): RawBuilder<unknown> {
  const columns: Partial<Record<(typeof readColumns)[number], RawBuilder<unknown>>> = {
    position: dialect.now,
    id: sql`extract(epoch from pg_postmaster_start_time())::text`,
    topic: endedWriters,
    available_at: nextAvailableAt,
  }
  return sql`select ${sql.join(readColumns.map((column) => columns[column] ?? sql`null`))}`
}

function factsOf(
  row: LaneRowColumns,
): Facts<number | null, readonly string[]> & { readonly now: number; readonly server: string } {
  return {
    now: row.position,
    server: row.id,
    endedWriters: JSON.parse(row.topic),
    nextAvailableAt: row.available_at,
  }
}
