import type { LaneRead, LaneReadResult } from '@waybill/core/lanes'
import { onlyRow, pendingRows, type SqlContext, schedule, toLaneRow } from '@waybill/sql'
import type { SqliteConnection } from './connection.ts'

/**
 * Reads in one snapshot: the clock, rows after the floor, scheduled rows if any is due. Up to three statements instead of
 * one, because a round trip costs nothing here and a union would sort.
 */
export function sqliteRead(
  context: SqlContext,
  connection: () => Promise<SqliteConnection>,
): (request: LaneRead) => Promise<LaneReadResult> {
  const rows = pendingRows(context)
  const clock = schedule(context)
  return async (request) => {
    const opened = await connection()
    return opened.read((read) => {
      const time = onlyRow(read(clock(request.lanes)))
      const immediate = read(rows('immediate', { ...request, exclude: inRange(request) }))
      const scheduled = request.upTo === null && time.due ? read(rows('scheduled', request)) : []
      const found =
        scheduled.length === 0 ? immediate : [...immediate, ...scheduled].sort((a, b) => a.position - b.position)
      return {
        rows: found.slice(0, request.limit).map((row) => toLaneRow(row, time.now)),
        now: time.now,
        nextAvailableAt: found.length < request.limit ? time.next : null,
        endedWriters: [],
        // One file has one history.
        epoch: '',
      }
    })
  }
}

/** Most of what is in flight lies before the floor, where nothing is read. */
function inRange({ exclude, after, upTo }: LaneRead): readonly number[] {
  return exclude.filter((position) => position > after && (upTo === null || position <= upTo))
}
