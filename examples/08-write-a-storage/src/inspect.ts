import type { DatabaseSync } from 'node:sqlite'
import type { MessageInspection, Obstacle } from '@waybill/core/contracts'
import { type MessageRow, toMessage } from './message-row.ts'

interface Inspection extends MessageRow {
  readonly suspect_crashes: number | null
  readonly owner: string | null
  readonly label: string | null
  readonly is_live: number
  readonly in_window: number
  readonly held_by: string | null
  readonly held_until: number | null
  readonly behind: string | null
}

const inspection = `
  select message.*, suspect.crashes as suspect_crashes, relay.id as owner, relay.label,
    coalesce(relay.lease_until > :now and relay.lease_until <= :now + relay.lease_ms, 0) as is_live,
    message.position in (select value from json_each(coalesce(relay.window, '[]'))) as in_window,
    head.id as held_by, hold.due_at as held_until,
    (
      select earlier.id from waybill_messages as earlier
      where earlier.status = 'PENDING' and earlier.position < message.position and earlier.topic = message.topic
        and coalesce(earlier.ordering_key, earlier.id) = coalesce(message.ordering_key, message.id)
        and coalesce(earlier.available_at, 0) <= :now
      order by earlier.position limit 1
    ) as behind
  from waybill_messages as message
  join waybill_lanes as lane on lane.lane = message.lane
  left join waybill_relays as relay on relay.id = lane.owner
  left join waybill_suspects as suspect on suspect.position = message.position
  left join waybill_holds as hold
    on hold.topic = message.topic and hold.key = coalesce(message.ordering_key, message.id) and hold.due_at > :now
  left join waybill_messages as head on head.position = hold.head and head.status = 'PENDING'
  where message.id = :id`

/** Everything an operator asks about one message. */
export function inspectMessage(sql: DatabaseSync, id: string, now: number): MessageInspection | null {
  const row = sql.prepare(inspection).get({ id, now }) as unknown as Inspection | undefined
  if (row === undefined) return null
  const processing = row.status === 'PENDING' && row.is_live === 1 && row.in_window === 1
  return {
    message: toMessage(row),
    status: processing ? 'PROCESSING' : row.status,
    attempts: row.attempts,
    crashes: row.suspect_crashes ?? row.crashes,
    suspect: row.suspect_crashes !== null,
    lane: row.lane,
    owner: row.owner === null ? null : { label: row.label ?? '', session: row.owner },
    obstacles: row.status === 'PENDING' && !processing ? obstaclesOf(row, now) : [],
    lastError: row.last_error === null ? null : JSON.parse(row.last_error),
  }
}

function obstaclesOf(row: Inspection, now: number): readonly Obstacle[] {
  const obstacles: Obstacle[] = []
  const dueInMs = (row.available_at ?? 0) - now
  if (dueInMs > 0) obstacles.push({ type: 'scheduled', dueInMs })
  if (row.held_by !== null && row.held_until !== null) {
    obstacles.push({ type: 'held', by: row.held_by, dueInMs: row.held_until - now })
  }
  if (row.behind !== null) obstacles.push({ type: 'behind', messageId: row.behind })
  if (row.is_live !== 1) obstacles.push({ type: 'no-relay' })
  return obstacles
}
