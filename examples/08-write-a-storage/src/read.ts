import type { DatabaseSync } from 'node:sqlite'
import type { LaneRead, LaneReadResult } from '@waybill/core/lanes'
import { type MessageRow, toLaneRow } from './message-row.ts'

const inLanes = '(:lanes is null or lane in (select value from json_each(:lanes)))'

const pending = `
  select * from waybill_messages
  where status = 'PENDING' and ${inLanes}
    and (
      (available_at is null and position > :after and (:upTo is null or position <= :upTo))
      or (available_at <= :now and :upTo is null)
    )
    and position not in (select value from json_each(:exclude))
    and (:onlyTopic is null or topic = :onlyTopic)
    and topic not in (select value from json_each(:skipTopics))
    and not exists (
      select 1 from json_each(:skipKeys)
      where value ->> 'topic' = topic and value ->> 'key' = coalesce(ordering_key, waybill_messages.id)
    )
  order by position limit :limit`

const nextScheduled = `
  select min(available_at) as next from waybill_messages
  where status = 'PENDING' and available_at > :now and ${inLanes}`

/** Reads of one snapshot: rows behind the floor and scheduled rows that are due, and when the next one will be. */
export function readPending(sql: DatabaseSync, request: LaneRead, now: number): LaneReadResult {
  const lanes = request.lanes === null ? null : JSON.stringify(request.lanes)
  const rows = sql.prepare(pending).all({
    now,
    lanes,
    after: request.after,
    upTo: request.upTo,
    exclude: JSON.stringify(request.exclude),
    onlyTopic: request.onlyTopic,
    skipTopics: JSON.stringify(request.skipTopics),
    skipKeys: JSON.stringify(request.skipKeys),
    limit: request.limit,
  }) as unknown as readonly MessageRow[]
  const scheduled = rows.length < request.limit ? sql.prepare(nextScheduled).get({ now, lanes }) : undefined
  return {
    rows: rows.map((row) => toLaneRow(row, now)),
    now,
    nextAvailableAt: (scheduled?.['next'] ?? null) as number | null,
    // There are no writers beside this read, and one file has one history.
    endedWriters: [],
    epoch: '',
  }
}
