import { orderingScope } from '../contracts/index.ts'
import type { LaneRow, LaneStore } from './lane-store.ts'
import { firstOf, type LaneSession } from './session.ts'

const rowsPerSweep = 200
const atLeastEveryMs = 1000

/**
 * Looks for pending rows below the floor that nothing accounts for. There are none unless a rule is broken, by this code or
 * by a producer that draws positions early: each is an anomaly, reported, and the floor goes back for it. Takes at most a
 * fiftieth of the time.
 *
 * Answers how many it found.
 */
export async function sweep(store: LaneStore, session: LaneSession, skipTopics: readonly string[]): Promise<number> {
  if (session.floor === 0) return 0
  const startedAt = session.now()
  const result = await store.read({
    lanes: session.readLanes,
    after: session.sweepCursor,
    upTo: session.floor,
    exclude: session.inFlight.positions(),
    onlyTopic: null,
    skipTopics,
    skipKeys: [],
    limit: rowsPerSweep,
    watch: session.writers.watched,
  })
  session.sweepDueAt = session.now() + Math.max(atLeastEveryMs, (session.now() - startedAt) * 50)
  session.sweepCursor = result.rows.length < rowsPerSweep ? 0 : (result.rows.at(-1)?.position ?? 0)
  const historyChanged = session.epoch !== null && result.epoch !== session.epoch
  if (historyChanged || result.endedWriters.length > 0) return 0
  const inFlight = new Set(session.inFlight.positions())
  const lost = result.rows.filter((row) => !inFlight.has(row.position) && isLost(session, row))
  for (const row of lost) session.setFloorBack(row.position)
  return lost.length
}

function isLost(session: LaneSession, row: LaneRow): boolean {
  if (row.position > session.floor) return false
  const hold = session.holds.get(orderingScope(row.message))
  if (hold !== undefined && firstOf(hold) <= row.position) return false
  return (session.skipped.get(row.message.topic) ?? Number.POSITIVE_INFINITY) > row.position
}
