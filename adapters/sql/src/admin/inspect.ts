import type { FailureSummary, MessageInspection, Obstacle } from '@waybill/core/contracts'
import { type Compilable, sql } from 'kysely'
import { expiredLease, type SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { messageColumns, toMessage } from '../message-row.ts'

/** Rows looked at by one statement in the search for an earlier message of a key, so that none of them takes long. */
const rowsPerLook = 5000

export async function inspectMessage(
  context: SqlContext,
  executor: SqlExecutor,
  id: string,
): Promise<MessageInspection | null> {
  const { rows } = await executor.execute(inspection(context, id).compile())
  const [row] = rows
  if (row === undefined) return null
  const live = row.session !== null && !row.expired
  const window: readonly number[] = live ? JSON.parse(row.window_positions ?? '[]') : []
  const processing = row.status === 'PENDING' && window.includes(row.position)
  const earlier = row.status === 'PENDING' && !processing ? await earlierOfKey(context, executor, row) : null
  return {
    message: toMessage(row),
    status: processing ? 'PROCESSING' : row.status,
    attempts: row.attempts,
    crashes: row.suspect_crashes ?? row.crashes,
    suspect: row.suspect_crashes !== null,
    lane: row.lane,
    owner: row.session === null ? null : { session: row.session, label: row.label ?? '' },
    obstacles: row.status === 'PENDING' && !processing ? obstaclesOf(row, live, earlier) : [],
    lastError: row.last_error === null ? null : (JSON.parse(row.last_error) as FailureSummary),
  }
}

type Inspection = ReturnType<typeof inspection> extends Compilable<infer Row> ? Row : never

function inspection({ builder, dialect, table }: SqlContext, id: string) {
  return builder
    .selectFrom(`${table.messages} as message`)
    .leftJoin(`${table.suspects} as suspect`, 'suspect.position', 'message.position')
    .leftJoin(`${table.lanes} as lane`, 'lane.lane', 'message.lane')
    .leftJoin(`${table.relays} as relay`, 'relay.id', 'lane.owner')
    .leftJoin(`${table.holds} as hold`, (join) =>
      join
        .onRef('hold.topic', '=', 'message.topic')
        .on('hold.key', '=', sql<string>`coalesce(message.ordering_key, message.id)`),
    )
    .leftJoin(`${table.messages} as head`, (join) =>
      join.onRef('head.position', '=', 'hold.head').on('head.status', '=', 'PENDING'),
    )
    .where('message.id', '=', id)
    .select(messageColumns.map((column) => `message.${column}` as const))
    .select(['message.position', 'message.lane', 'message.status', 'message.attempts', 'message.crashes'])
    .select(['message.last_error', 'suspect.crashes as suspect_crashes', 'head.id as head_id', 'hold.due_at'])
    .select(['relay.id as session', 'relay.label', 'relay.window_positions'])
    .select([dialect.now.as('now'), expiredLease(dialect).as('expired')])
}

function obstaclesOf(row: Inspection, live: boolean, earlier: string | null): readonly Obstacle[] {
  const obstacles: Obstacle[] = []
  if ((row.available_at ?? 0) > row.now) {
    obstacles.push({ type: 'scheduled', dueInMs: (row.available_at ?? 0) - row.now })
  }
  if (row.head_id !== null && row.due_at !== null && row.due_at > row.now) {
    obstacles.push({ type: 'held', by: row.head_id, dueInMs: row.due_at - row.now })
  }
  if (earlier !== null) obstacles.push({ type: 'behind', messageId: earlier })
  if (!live) obstacles.push({ type: 'no-relay' })
  return obstacles
}

interface Place {
  readonly position: number
  readonly id: string
}

/** Id of the first pending and due message of the same key that stands before this one. */
async function earlierOfKey(context: SqlContext, executor: SqlExecutor, row: Inspection): Promise<string | null> {
  const immediate = await firstImmediate(context, executor, row)
  const [scheduled] = (await executor.execute(firstScheduled(context, row).compile())).rows
  if (scheduled === undefined) return immediate?.id ?? null
  return immediate !== undefined && immediate.position < scheduled.position ? immediate.id : scheduled.id
}

/** There is no index by key: it would cost at every enqueue. */
async function firstImmediate(context: SqlContext, executor: SqlExecutor, row: Inspection): Promise<Place | undefined> {
  let after = 0
  for (;;) {
    const query = before(context, row)
      .where('available_at', 'is', null)
      .where('position', '>', after)
      .limit(rowsPerLook)
    const { rows } = await executor.execute(query.compile())
    const found = rows.find((each) => each.topic === row.topic && each.key === (row.ordering_key ?? row.id))
    const last = rows.at(-1)
    if (found !== undefined || last === undefined || rows.length < rowsPerLook) return found
    after = last.position
  }
}

function firstScheduled(context: SqlContext, row: Inspection) {
  return before(context, row)
    .where(sql<boolean>`available_at <= ${context.dialect.now}`)
    .where('topic', '=', row.topic)
    .where(sql<boolean>`coalesce(ordering_key, id) = ${row.ordering_key ?? row.id}`)
    .limit(1)
}

function before({ builder, table }: SqlContext, row: Inspection) {
  return builder
    .selectFrom(table.messages)
    .select(['position', 'id', 'topic', sql<string>`coalesce(ordering_key, id)`.as('key')])
    .where('status', '=', sql.lit('PENDING'))
    .where('position', '<', row.position)
    .orderBy('position')
}
