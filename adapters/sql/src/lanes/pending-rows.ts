import type { LaneRead, Position } from '@waybill/core/lanes'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext, SqlDialect } from '../dialect.ts'
import type { Statement } from '../executor.ts'
import { type LaneRowColumns, laneColumns, messageColumns } from '../message-row.ts'
import { kept, type Parameter, type Template, template } from '../template.ts'

/** `immediate`: rows after the floor. `scheduled`: rows with an `availableAt` that has come, wherever they stand. */
export type RowKind = 'immediate' | 'scheduled'

/** Makes the statement that reads the pending rows of one kind, by position. */
export type PendingRows = (kind: RowKind, request: LaneRead) => Statement<LaneRowColumns>

type Condition = (dialect: SqlDialect, parameter: Parameter<LaneRead>) => RawBuilder<boolean>

/** What is not asked for is not in the statement: the usual read carries no filter. */
const filters: readonly { readonly applies: (request: LaneRead) => boolean; readonly condition: Condition }[] = [
  {
    applies: (request) => request.lanes !== null,
    condition: (dialect, parameter) =>
      dialect.oneOf(
        sql.ref('lane'),
        parameter((request) => dialect.list(request.lanes ?? [])),
        'number',
      ),
  },
  {
    applies: (request) => request.upTo !== null,
    condition: (_, parameter) => sql`position <= ${parameter((request) => request.upTo)}`,
  },
  {
    applies: (request) => request.exclude.length > 0,
    condition: (dialect, parameter) =>
      sql`not ${dialect.oneOf(
        sql.ref('position'),
        parameter((request) => dialect.list(request.exclude)),
        'number',
      )}`,
  },
  {
    applies: (request) => request.onlyTopic !== null,
    condition: (_, parameter) => sql`topic = ${parameter((request) => request.onlyTopic)}`,
  },
  {
    applies: (request) => request.skipTopics.length > 0,
    condition: (dialect, parameter) =>
      sql`not ${dialect.oneOf(
        sql.ref('topic'),
        parameter((request) => dialect.list(request.skipTopics)),
        'text',
      )}`,
  },
  {
    applies: (request) => request.skipKeys.length > 0,
    condition: (dialect, parameter) => {
      const keys = parameter((request) => dialect.list(request.skipKeys.map(({ topic, key }) => [topic, key] as const)))
      return sql`not ${dialect.pairOneOf([sql.ref('topic'), sql`coalesce(ordering_key, id)`], keys)}`
    },
  },
]

export function pendingRows(context: SqlContext): PendingRows {
  const of = (kind: RowKind) => kept((mask: number) => rowsTemplate(context, kind, mask), 2 ** filters.length)
  const templates = { immediate: of('immediate'), scheduled: of('scheduled') }
  return (kind, request) => {
    const mask = filters.reduce((bits, filter, index) => (filter.applies(request) ? bits | (1 << index) : bits), 0)
    return templates[kind](mask)(request)
  }
}

function rowsTemplate(
  { builder, dialect, table }: SqlContext,
  kind: RowKind,
  mask: number,
): Template<LaneRead, LaneRowColumns> {
  return template((parameter) => {
    const place =
      kind === 'immediate'
        ? sql<boolean>`position > ${parameter((request) => request.after)} and available_at is null`
        : sql<boolean>`available_at <= ${dialect.now}`
    // An expression, or a planner walks the whole table by its key to spare itself the sorting of a few rows.
    const order = kind === 'immediate' ? sql.ref('position') : sql`position + 0`
    const query = builder
      .selectFrom(table.messages)
      .select([...laneColumns, ...messageColumns])
      .where('status', '=', sql.lit('PENDING'))
      .where(place)
    return filters
      .filter((_, index) => (mask & (1 << index)) !== 0)
      .reduce((filtered, filter) => filtered.where(filter.condition(dialect, parameter)), query)
      .orderBy(order)
      .limit(parameter((request) => request.limit))
  })
}

export interface PositionRange {
  readonly after: Position
  readonly upTo: Position
}

/** Makes the statement that reads the positions alone of the rows that are pending in a range, scheduled ones left out. */
export function pendingPositions({ builder, table }: SqlContext): Template<PositionRange, { position: Position }> {
  return template((parameter) =>
    builder
      .selectFrom(table.messages)
      .select('position')
      .where('status', '=', sql.lit('PENDING'))
      .where(sql<boolean>`available_at is null`)
      .where(
        'position',
        '>',
        parameter((range) => range.after),
      )
      .where(
        'position',
        '<=',
        parameter((range) => range.upTo),
      ),
  )
}

/** What a read needs to know about time. */
export type ScheduleRow = {
  /** The database's clock. */
  readonly now: number
  /** When the next scheduled row of these lanes falls due. */
  readonly next: number | null
  /** Whether any row at all that was scheduled is due: if not, reading them can be left out. */
  readonly due: number | boolean
}

export function schedule({
  builder,
  dialect,
  table,
}: SqlContext): (lanes: readonly number[] | null) => Statement<ScheduleRow> {
  const of = (some: boolean) =>
    template<readonly number[] | null, ScheduleRow>((parameter) => {
      const next = builder
        .selectFrom(table.messages)
        .select('available_at')
        .where('status', '=', sql.lit('PENDING'))
        .where(sql<boolean>`available_at > ${dialect.now}`)
        .$if(some, (query) =>
          query.where(
            dialect.oneOf(
              sql.ref('lane'),
              parameter((lanes) => dialect.list(lanes ?? [])),
              'number',
            ),
          ),
        )
        .orderBy('available_at')
        .limit(1)
      const due = builder
        .selectFrom(table.messages)
        .select('position')
        .where('status', '=', sql.lit('PENDING'))
        .where(sql<boolean>`available_at <= ${dialect.now}`)
      return builder.selectNoFrom([
        dialect.now.as('now'),
        next.as('next'),
        sql<number | boolean>`exists ${due}`.as('due'),
      ])
    })
  const [all, some] = [of(false), of(true)]
  return (lanes) => (lanes === null ? all : some)(lanes)
}
