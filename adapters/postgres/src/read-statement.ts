import type { LaneRead, WriterBarrier } from '@waybill/core/lanes'
import {
  byFilters,
  type LaneRowColumns,
  nextDue,
  onlyRow,
  pendingQuery,
  readColumns,
  type SqlContext,
  type Statement,
  type Template,
  template,
} from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import { barrierQuery, endedWriters } from './writers.ts'

/** Differs between servers, and between the lives of one: a promoted standby is another one. */
export const serverName: RawBuilder<string> = sql`extract(epoch from pg_postmaster_start_time())::text`

/** Rows of the read; the last one holds the facts of the moment. */
export type ReadRow = LaneRowColumns

/** What goes for the whole read: the last of its rows, in columns of their types. */
export interface ReadFacts {
  readonly now: number
  readonly server: string
  readonly nextAvailableAt: number | null
  readonly endedWriters: readonly string[]
  /** As of the end of the read: for the next one. */
  readonly barrier: WriterBarrier
}

/** `exclude`: only what lies where rows are read. What is scheduled is read wherever it stands, with what is in flight. */
interface AskedRead extends LaneRead {
  readonly scheduledLimit: number
}

/**
 * The statement of a read, which is one snapshot: rows after the floor, scheduled rows that are due, and last a row of
 * {@link factsOf facts}.
 */
export function readStatements(context: SqlContext): (request: LaneRead) => Statement<ReadRow> {
  const of = (watching: boolean) => byFilters((mask, like) => readTemplate(context, { mask, like, watching }))
  const [usual, watching] = [of(false), of(true)]
  return (request) => {
    const { after, upTo, limit } = request
    const exclude = request.exclude.filter((position) => position > after && (upTo === null || position <= upTo))
    const asked = { ...request, exclude, scheduledLimit: limit + request.exclude.length }
    return (request.watch.length === 0 ? usual : watching)(asked)(asked)
  }
}

interface Variant {
  readonly mask: number
  readonly like: LaneRead
  /** Asks after writers. */
  readonly watching: boolean
}

function readTemplate(context: SqlContext, { mask, like, watching }: Variant): Template<AskedRead, ReadRow> {
  return template((parameter) => {
    const lanes = like.lanes === null ? null : parameter((request) => context.dialect.list(request.lanes ?? []))
    const watch = parameter((request) => JSON.stringify(request.watch))
    const facts = factsQuery(context, {
      available_at: like.upTo === null ? sql`(${nextDue(context, lanes)})` : sql`null`,
      topic: watching ? endedWriters(context, watch) : sql`'[]'`,
    })
    const immediate = pendingQuery(context, { kind: 'immediate', mask, parameter })
    const scheduled = pendingQuery(context, {
      kind: 'scheduled',
      mask,
      parameter: (pick) => parameter((request) => pick({ ...request, limit: request.scheduledLimit })),
    })
    const parts = like.upTo === null ? [immediate, scheduled, facts] : [immediate, facts]
    const query = sql<ReadRow>`${sql.join(
      parts.map((part) => sql`(${part})`),
      sql` union all `,
    )}`
    return { compile: () => query.compile(context.builder) }
  })
}

type Column = (typeof readColumns)[number]

function factsQuery(context: SqlContext, some: Partial<Record<Column, RawBuilder<unknown>>>): RawBuilder<unknown> {
  const columns: Partial<Record<Column, RawBuilder<unknown>>> = {
    ...some,
    position: context.dialect.now,
    lane: sql`barrier.last`,
    id: serverName,
    type: sql`barrier.writers`,
  }
  const list = sql.join(readColumns.map((column) => columns[column] ?? sql`null`))
  return sql`select ${list} from (${barrierQuery(context)}) as barrier`
}

/** Takes the facts off the end of the rows. */
export function factsOf(rows: readonly ReadRow[]): ReadFacts {
  const row = onlyRow(rows.slice(-1))
  return {
    now: row.position,
    server: row.id,
    nextAvailableAt: row.available_at,
    endedWriters: JSON.parse(row.topic),
    barrier: { last: row.lane, writers: JSON.parse(row.type) },
  }
}
