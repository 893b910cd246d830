import { orderingScope } from '../contracts/index.ts'
import type { LaneRow, LaneStore } from './lane-store.ts'
import { firstOf, type LaneSession } from './session.ts'

/** Rows looked at for one probe. */
const depth = 50
/** Keys remembered as probed, so that probes go round: the head of one key may be what the broker chokes on. */
const remembered = 64

/** One row of each topic to try its destination with: the first of its key, and of a key not tried lately. */
export async function probe(
  store: LaneStore,
  session: LaneSession,
  topics: readonly string[],
): Promise<readonly LaneRow[]> {
  const rows: LaneRow[] = []
  for (const topic of topics) {
    const lately = session.probed.get(topic) ?? []
    let row = await firstToTry(store, session, topic, lately)
    if (row === undefined && lately.length > 0) {
      session.probed.delete(topic)
      row = await firstToTry(store, session, topic, [])
    }
    if (row === undefined) continue
    const key = row.message.orderingKey ?? row.message.id
    session.probed.set(topic, [...(session.probed.get(topic) ?? []), key].slice(-remembered))
    rows.push(row)
  }
  return rows
}

async function firstToTry(
  store: LaneStore,
  session: LaneSession,
  topic: string,
  without: readonly string[],
): Promise<LaneRow | undefined> {
  const after = Math.min(session.floor, (session.skipped.get(topic) ?? Number.POSITIVE_INFINITY) - 1)
  const now = session.now()
  const busy = new Set(session.inFlight.values().map((row) => `${row.topic}\u0000${row.key}`))
  const result = await store.read({
    lanes: session.readLanes,
    after,
    upTo: null,
    exclude: session.inFlight.positions(),
    onlyTopic: topic,
    skipTopics: [],
    skipKeys: without.map((key) => ({ topic, key })),
    limit: depth,
    watch: session.writers.watched,
  })
  // A writer has ended, or history changed: the claim's own read deals with it, and the probe can wait.
  if (result.endedWriters.length > 0 || (session.epoch !== null && result.epoch !== session.epoch)) return undefined
  return result.rows.find((row) => {
    const scope = orderingScope(row.message)
    const hold = session.holds.get(scope)
    return !busy.has(scope) && (hold === undefined || (hold.dueAt <= now && firstOf(hold) > after))
  })
}
