import type { LaneRead, Position } from '@waybill/core/lanes'
import { type AliasedRawBuilder, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { SqlContext, SqlDialect } from '../dialect.ts'
import type { Statement } from '../executor.ts'
import { type LaneRowColumns, readColumns } from '../message-row.ts'
import type { Tables } from '../tables.ts'
import { type Parameter, type Template, template } from '../template.ts'

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
      noneOf(
        dialect,
        'position',
        parameter((request) => dialect.list(request.exclude)),
        'number',
      ),
  },
  {
    applies: (request) => request.onlyTopic !== null,
    condition: (_, parameter) => sql`topic = ${parameter((request) => request.onlyTopic)}`,
  },
  {
    applies: (request) => request.skipTopics.length > 0,
    condition: (dialect, parameter) =>
      noneOf(
        dialect,
        'topic',
        parameter((request) => dialect.list(request.skipTopics)),
        'text',
      ),
  },
  {
    applies: (request) => request.skipKeys.length > 0,
    condition: (dialect, parameter) => {
      const keys = parameter((request) => dialect.list(request.skipKeys.map(({ topic, key }) => [topic, key] as const)))
      return sql`not ${dialect.pairOneOf([sql.ref('topic'), sql`coalesce(ordering_key, id)`], keys)}`
    },
  },
]

function noneOf(
  dialect: SqlDialect,
  column: string,
  list: RawBuilder<unknown>,
  element: 'number' | 'text',
): RawBuilder<boolean> {
  const ref = sql.ref(column)
  return dialect.noneOf?.(ref, list, element) ?? sql`not ${dialect.oneOf(ref, list, element)}`
}

export function pendingRows(context: SqlContext): PendingRows {
  const of = (kind: RowKind) => byFilters((mask) => rowsTemplate(context, kind, mask))
  const templates = { immediate: of('immediate'), scheduled: of('scheduled') }
  return (kind, request) => templates[kind](request)(request)
}

/** One thing, for example a template, for each set of filters that requests can ask for. `like` is the first of its kind. */
export function byFilters<T>(make: (mask: number, like: LaneRead) => T): (request: LaneRead) => T {
  const made = new Map<number, T>()
  return (request) => {
    const mask = filters.reduce((bits, filter, index) => (filter.applies(request) ? bits | (1 << index) : bits), 0)
    const known = made.get(mask) ?? make(mask, request)
    made.set(mask, known)
    return known
  }
}

function rowsTemplate(context: SqlContext, kind: RowKind, mask: number): Template<LaneRead, LaneRowColumns> {
  return template((parameter) => pendingQuery(context, { kind, mask, parameter }))
}

/** What a query of pending rows is made of. */
export interface PendingQueryParts {
  readonly kind: RowKind
  readonly mask: number
  readonly parameter: Parameter<LaneRead>
  /** The table of messages with what a database wants to be told of an index. @default the table */
  readonly source?: AliasedRawBuilder<Tables['messages'], 'messages'>
}

export type PendingQuery = SelectQueryBuilder<Tables, 'messages', LaneRowColumns>

/** The query itself, for databases that put several into one statement. */
export function pendingQuery(
  { builder, dialect, table }: SqlContext,
  { kind, mask, parameter, source }: PendingQueryParts,
): PendingQuery {
  const place =
    kind === 'immediate'
      ? sql<boolean>`position > ${parameter((request) => request.after)} and available_at is null`
      : sql<boolean>`available_at <= ${once(dialect.now)}`
  // An expression, or a planner walks the whole table by its key to spare itself the sorting of a few rows.
  const order = kind === 'immediate' ? sql.ref('position') : sql`position + 0`
  const { readsPayload } = dialect
  const selected = readColumns.map((column) =>
    column === 'payload' && readsPayload !== undefined ? readsPayload.as('payload') : column,
  )
  // Kysely has no type for one source or another; to the query both are the messages.
  const from = (source ?? table.messages) as typeof table.messages
  const query = builder.selectFrom(from).select(selected).where('status', '=', sql.lit('PENDING')).where(place)
  return filters
    .filter((_, index) => (mask & (1 << index)) !== 0)
    .reduce((filtered, filter) => filtered.where(filter.condition(dialect, parameter)), query)
    .orderBy(order)
    .limit(parameter((request) => request.limit))
}

/** A planner can look up in an index only what stays the same within a statement, which a clock does not. */
export function once<T>(expression: RawBuilder<T>): RawBuilder<T> {
  return sql`(select ${expression})`
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

export function schedule(context: SqlContext): (lanes: readonly number[] | null) => Statement<ScheduleRow> {
  const { builder, dialect, table } = context
  const of = (some: boolean) =>
    template<readonly number[] | null, ScheduleRow>((parameter) => {
      const lanes = parameter((list) => dialect.list(list ?? []))
      const due = builder
        .selectFrom(table.messages)
        .select('position')
        .where('status', '=', sql.lit('PENDING'))
        .where(sql<boolean>`available_at <= ${once(dialect.now)}`)
      return builder.selectNoFrom([
        dialect.now.as('now'),
        nextDue(context, some ? lanes : null).as('next'),
        sql<number | boolean>`exists ${due}`.as('due'),
      ])
    })
  const [all, some] = [of(false), of(true)]
  return (lanes) => (lanes === null ? all : some)(lanes)
}

/** When the next scheduled row falls due, of a list of lanes or of all. */
export function nextDue(
  { builder, dialect, table }: SqlContext,
  lanes: RawBuilder<unknown> | null,
): SelectQueryBuilder<Tables, 'messages', { available_at: number | null }> {
  const query = builder
    .selectFrom(table.messages)
    .select('available_at')
    .where('status', '=', sql.lit('PENDING'))
    .where(sql<boolean>`available_at > ${once(dialect.now)}`)
    .orderBy('available_at')
    .limit(1)
  return lanes === null ? query : query.where(dialect.oneOf(sql.ref('lane'), lanes, 'number'))
}
