import type { LaneRead, LaneReadResult, Position } from '@waybill/core/lanes'
import {
  type LaneRowColumns,
  onlyRow,
  type PendingRows,
  pendingPositions,
  pendingRows,
  type SqlContext,
  type Statement,
  schedule,
  toLaneRow,
} from '@waybill/sql'
import type { SqliteConnection } from './connection.ts'
import { payloadReader } from './payload-reader.ts'

type Read = <Row>(statement: Statement<Row>) => readonly Row[]

/**
 * Reads in one snapshot: the clock, rows after the floor, scheduled rows if any is due. Several statements instead of one,
 * because a round trip costs nothing here and a union would sort.
 */
export function sqliteRead(
  context: SqlContext,
  connection: () => Promise<SqliteConnection>,
): (request: LaneRead) => Promise<LaneReadResult> {
  const rows = pendingRows(context)
  const clock = schedule(context)
  const immediateRows = immediateReader(context, rows)
  const payloads = payloadReader(context)
  return async (request) => {
    const opened = await connection()
    return opened.read((read) => {
      const bytesOf = payloads(read)
      const time = onlyRow(read(clock(request.lanes)))
      const immediate = immediateRows(read, request)
      const scheduled = request.upTo === null && time.due ? read(rows('scheduled', request)) : []
      const found =
        scheduled.length === 0 ? immediate : [...immediate, ...scheduled].sort((a, b) => a.position - b.position)
      return {
        rows: found.slice(0, request.limit).map((row) => {
          row.payload = bytesOf(row)
          return toLaneRow(row, time.now)
        }),
        now: time.now,
        nextAvailableAt: found.length < request.limit ? time.next : null,
        endedWriters: [],
        // One file has one history.
        epoch: '',
      }
    })
  }
}

/**
 * What is in flight lies together, right after the floor. A relay that owns all lanes mostly has all of it in flight, and a
 * look at the positions, which the index alone answers, is far cheaper than passing over the rows one by one.
 */
function immediateReader(
  context: SqlContext,
  rows: PendingRows,
): (read: Read, request: LaneRead) => readonly LaneRowColumns[] {
  const positions = pendingPositions(context)
  const amongThoseInFlight = (read: Read, request: LaneRead, upTo: Position): readonly LaneRowColumns[] => {
    if (request.lanes === null) {
      const inFlight = new Set(request.exclude)
      const waiting = read(positions({ after: request.after, upTo }))
      if (waiting.every(({ position }) => inFlight.has(position))) return []
    }
    return read(rows('immediate', { ...request, upTo }))
  }
  return (read, request) => {
    const { after, upTo, limit } = request
    const exclude = request.exclude.filter((position) => position > after && (upTo === null || position <= upTo))
    const last = exclude.reduce((highest, position) => Math.max(highest, position), after)
    const among = last > after ? amongThoseInFlight(read, { ...request, exclude }, last) : []
    if (among.length === limit) return among
    const behind = read(rows('immediate', { ...request, exclude: [], after: last, limit: limit - among.length }))
    return among.length === 0 ? behind : among.concat(behind)
  }
}
