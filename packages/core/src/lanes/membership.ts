import { orderingScope } from '../contracts/index.ts'
import {
  type Hold,
  type LaneStore,
  type LaneTransaction,
  laneCount,
  type RelayRecord,
  type Suspect,
} from './lane-store.ts'
import type { LaneSession } from './session.ts'

/**
 * Looks after who owns which lanes, in one transaction: takes over from relays whose lease has ended, takes free lanes up to
 * this relay's allowance, and gives up lanes to relays that may take them now. Runs within a claim, so that lanes never
 * change under a read.
 *
 * Answers whether lanes were gained.
 */
export async function updateMembership(store: LaneStore, session: LaneSession): Promise<boolean> {
  const update = await store.transaction(async (tx) => {
    const relays = await tx.relays()
    if (!relays.some((relay) => relay.id === session.id)) return null
    if (session.trusted) await tx.trustRelay(session.id)
    const live: RelayRecord[] = []
    for (const relay of relays) {
      if (relay.id === session.id) live.push({ ...relay, trusted: session.trusted })
      else if (relay.expired) await evict(tx, relay, session.leaseMs)
      else live.push(relay)
    }
    const owners = await tx.owners()
    const change = divide(owners, live, session)
    await tx.assign(change.give, null)
    await tx.assign(change.take, session.id)
    const owned = lanesAfter(owners, change, session.id)
    const gained = [...owned].filter((lane) => !session.lanes.has(lane))
    const failures = await failuresIn(tx, gained)
    const suspects = [...session.suspects.keys(), ...failures.suspects.map((row) => row.position)]
    return { owned, gained, failures, gone: await forgetSettledSuspects(tx, suspects) }
  })
  if (update === null) {
    session.ended = true
    return false
  }
  for (const lane of session.lanes) if (!update.owned.has(lane)) forgetLane(session, lane)
  for (const lane of update.gained) session.lanes.add(lane)
  adopt(session, update.failures)
  for (const position of update.gone) session.suspects.delete(position)
  if (update.gained.length === 0) return false
  session.setFloorBack(1)
  return true
}

/**
 * A relay that was only stopped for a while settles what it had published, without a fence, after its window has become
 * suspects. No read ever brings such a row, so that its suspect would stay for good. Answers whose row is no longer pending.
 */
async function forgetSettledSuspects(tx: LaneTransaction, positions: readonly number[]): Promise<readonly number[]> {
  if (positions.length === 0) return []
  const pending = new Set((await tx.pending(positions)).map((row) => row.position))
  const gone = positions.filter((position) => !pending.has(position))
  if (gone.length > 0) await tx.removeSuspects(gone)
  return gone
}

/** By the database, not by what the session has heard: the answer to an earlier change may have been lost. */
function lanesAfter(
  owners: readonly (string | null)[],
  { take, give }: { readonly take: readonly number[]; readonly give: readonly number[] },
  sessionId: string,
): ReadonlySet<number> {
  const owned = new Set(take)
  for (const [lane, owner] of owners.entries()) if (owner === sessionId && !give.includes(lane)) owned.add(lane)
  return owned
}

/** Frees everything that a relay had. What stood in its window may or may not have been published: suspects. */
export async function evict(tx: LaneTransaction, relay: RelayRecord, leaseMs: number): Promise<void> {
  const owners = await tx.owners()
  const lanes = owners.flatMap((owner, lane) => (owner === relay.id ? [lane] : []))
  const rows = (await tx.pending(relay.window)).filter((row) => owners[row.lane] === relay.id)
  if (rows.length > 0) await suspectRows(tx, rows, lanes, leaseMs)
  await tx.assign(lanes, null)
  await tx.removeRelay(relay.id)
}

type WindowRows = Awaited<ReturnType<LaneTransaction['pending']>>

async function suspectRows(
  tx: LaneTransaction,
  rows: WindowRows,
  lanes: readonly number[],
  leaseMs: number,
): Promise<void> {
  const now = await tx.now()
  const known = new Map((await tx.suspects(lanes)).map((suspect) => [suspect.position, suspect.crashes]))
  const stored = await tx.holds(lanes)
  const pendingHeads = new Set((await tx.pending(stored.map((hold) => hold.head))).map((row) => row.position))
  const holds = new Map(stored.map((hold) => [`${hold.topic}\u0000${hold.key}`, hold]))
  const suspects: Suspect[] = []
  const changed = new Map<string, Hold>()
  for (const row of rows) {
    const before = known.get(row.position)
    const crashes = before === undefined ? row.crashes : before + 1
    suspects.push({ position: row.position, lane: row.lane, crashes })
    const scope = orderingScope(row.message)
    const held = holds.get(scope)
    const head = held !== undefined && pendingHeads.has(held.head) ? Math.min(held.head, row.position) : row.position
    const dueAt = Math.max(held?.dueAt ?? 0, now + suspectDelayMs(crashes, leaseMs))
    const hold = {
      topic: row.message.topic,
      key: row.message.orderingKey ?? row.message.id,
      lane: row.lane,
      head,
      dueAt,
    }
    pendingHeads.add(head)
    holds.set(scope, hold)
    changed.set(scope, hold)
  }
  await tx.putSuspects(suspects)
  await tx.putHolds([...changed.values()])
}

/** Doubles with each crash, from a tenth of the lease to a minute. */
function suspectDelayMs(crashes: number, leaseMs: number): number {
  return Math.min(60_000, Math.ceil(leaseMs / 10) * 2 ** Math.min(crashes, 10))
}

/** Which lanes this relay takes and gives up. A relay that has not proved itself holds one: a crash loop strands one lane. */
function divide(
  owners: readonly (string | null)[],
  live: readonly RelayRecord[],
  session: LaneSession,
): { readonly take: readonly number[]; readonly give: readonly number[] } {
  const owned = (id: string | null) => owners.flatMap((owner, lane) => (owner === id ? [lane] : []))
  const share = Math.ceil(laneCount / live.length)
  const allowance = (relay: RelayRecord) => (relay.trusted ? share : 1)
  const mine = owned(session.id)
  const free = owned(null)
  const wanted = live.reduce(
    (sum, relay) => (relay.id === session.id ? sum : sum + Math.max(0, allowance(relay) - owned(relay.id).length)),
    0,
  )
  if (mine.length > share) {
    const busy = new Set(session.inFlight.values().map((row) => row.lane))
    const idle = mine.filter((lane) => !busy.has(lane))
    return { take: [], give: idle.slice(0, Math.max(0, Math.min(mine.length - share, wanted - free.length))) }
  }
  return { take: free.slice(0, Math.max(0, (session.trusted ? share : 1) - mine.length)), give: [] }
}

function forgetLane(session: LaneSession, lane: number): void {
  session.lanes.delete(lane)
  for (const [scope, hold] of session.holds) if (hold.lane === lane) session.holds.delete(scope)
  for (const [position, suspect] of session.suspects) if (suspect.lane === lane) session.suspects.delete(position)
}

/** After a change of history: what the database remembers now is what counts. */
export async function reloadFailures(store: LaneStore, session: LaneSession): Promise<void> {
  const failures = await store.transaction((tx) => failuresIn(tx, [...session.lanes]))
  session.holds.clear()
  session.suspects.clear()
  adopt(session, failures)
}

interface Failures {
  readonly holds: readonly Hold[]
  readonly suspects: readonly Suspect[]
  /** The database's clock. */
  readonly now: number
}

async function failuresIn(tx: LaneTransaction, lanes: readonly number[]): Promise<Failures> {
  if (lanes.length === 0) return { holds: [], suspects: [], now: 0 }
  return { holds: await tx.holds(lanes), suspects: await tx.suspects(lanes), now: await tx.now() }
}

function adopt(session: LaneSession, { holds, suspects, now }: Failures): void {
  for (const suspect of suspects) session.suspects.set(suspect.position, suspect)
  for (const hold of holds) {
    const scope = `${hold.topic}\u0000${hold.key}`
    const dueAt = session.now() + hold.dueAt - now
    session.holds.set(scope, { ...hold, dueAt, scope, waitingFrom: Number.POSITIVE_INFINITY, passedOver: 0 })
  }
}
