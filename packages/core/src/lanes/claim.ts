import type { ClaimedMessage, ClaimRequest, ClaimResult } from '../contracts/index.ts'
import type { InFlight } from './in-flight.ts'
import type { LaneRead, LaneReadResult, LaneRow, LaneStore, Position } from './lane-store.ts'
import { reloadFailures, updateMembership } from './membership.ts'
import { probe } from './probe.ts'
import { type ReadContext, type Selection, select } from './select.ts'
import { firstOf, type HeldKey, isCrowd, type LaneSession } from './session.ts'
import { sweep } from './sweep.ts'

/** A held key of which so many rows have been passed over is left out of reads from then on. */
const passedOverAtMost = 20
/**
 * A relay that ends leaves a window of suspects at the front of its lanes. In turns that are not theirs, a claim reads so
 * many times its limit to find what comes behind them.
 */
const lookPastSuspects = 16

/** So many times its limit a claim reads at once to find what comes behind a key that has too much. */
const lookPastCrowd = 4

/**
 * Messages that a session claims at most before it has proved itself. It holds one lane then: a read passes over 63 rows for
 * each that it takes, and what it takes lies far apart.
 */
const firstBatch = 50

const nothing: ClaimResult = { messages: [], more: false, nextDueInMs: null, anomalies: 0 }

/** One claim: membership, writers, probes, one read that decides, and now and then a sweep. */
export async function claim(store: LaneStore, session: LaneSession, request: ClaimRequest): Promise<ClaimResult> {
  if (session.ended) return nothing
  if (session.now() >= session.membershipDueAt) await lookAfterMembership(store, session)
  const limit = session.trusted ? request.limit : Math.min(request.limit, firstBatch)
  let result = await claimOnce(store, session, { ...request, limit })
  if (result.messages.length === 0 && session.inFlight.size === 0 && !session.trusted && !session.ended) {
    session.trust()
    if (await lookAfterMembership(store, session)) result = await claimOnce(store, session, request)
  }
  return session.ended ? nothing : result
}

async function lookAfterMembership(store: LaneStore, session: LaneSession): Promise<boolean> {
  const gained = await updateMembership(store, session)
  const interval = session.leaseMs / 3
  session.membershipDueAt = session.now() + (session.lanes.size === 0 ? Math.min(interval, 1000) : interval)
  return gained
}

async function claimOnce(store: LaneStore, session: LaneSession, request: ClaimRequest): Promise<ClaimResult> {
  const membershipInMs = Math.max(0, session.membershipDueAt - session.now())
  if (session.ended || session.lanes.size === 0) return { ...nothing, nextDueInMs: membershipInMs }
  reopenTopics(session, request.skipTopics)
  const barrier = await store.barrier?.()
  if (barrier) session.writers.advance(barrier, store.tellsEndedWriters === true)
  const anomalies = session.now() >= session.sweepDueAt ? await sweep(store, session, request.skipTopics) : 0
  const probes = await probe(store, session, request.probeTopics)
  const { selection, result, full } = await readAndSelect(store, session, request)
  if (session.ended) return nothing
  const rows = [...probes, ...selection.taken]
  const alone = rows.find((row) => session.suspects.has(row.position))
  const messages = handOut(session, alone === undefined ? rows : [alone])
  if (alone !== undefined) {
    const left = selection.taken.filter((row) => row !== alone)
    session.readAgain(left.map(({ position, scheduled, message: { topic } }) => ({ position, scheduled, topic })))
  }
  session.suspectsTurn = alone === undefined
  return {
    messages,
    more: selection.leftOver || full || messages.length < rows.length,
    nextDueInMs: nextDueInMs(session, result, membershipInMs),
    anomalies,
  }
}

/** What was skipped of a topic that is open again is read again. */
function reopenTopics(session: LaneSession, skipTopics: readonly string[]): void {
  for (const [topic, first] of session.skipped) {
    if (skipTopics.includes(topic)) continue
    session.skipped.delete(topic)
    session.probed.delete(topic)
    session.setFloorBack(first)
  }
}

interface Read {
  readonly selection: Selection
  readonly result: LaneReadResult
  readonly full: boolean
}

/** Reads until one read, one snapshot, has decided: rows of two snapshots must not be mixed, or a late commit is overtaken. */
async function readAndSelect(store: LaneStore, session: LaneSession, request: ClaimRequest): Promise<Read> {
  let limit = firstReadLimit(session, request)
  let retries = session.retriesTurn
  for (;;) {
    const { generation } = session
    const after = retries ? beforeDueHolds(session) : session.floor
    const { read, context } = prepareRead(store, session, request, { limit, after })
    const result = await store.read(read)
    if (await historyChanged(store, session, result)) continue
    const ended = session.writers.ended(result.endedWriters)
    if (ended !== null) {
      session.setFloorBack(ended)
      continue
    }
    const full = result.rows.length >= limit
    const selection = select(session, result, { ...context, full }, request)
    const beganAtFloor = after >= session.floor
    if (full && mayFindMore(session, selection, request, { limit, beganAtFloor })) {
      limit *= 4
      continue
    }
    if (!retries && selection.taken.length === 0 && nothingBehindFloor(session, selection, generation)) {
      retries = true
      continue
    }
    session.retriesTurn = beganAtFloor
    learnRowSize(session, result.rows)
    await endFinishedHolds(store, session, result, { ...context, full })
    moveOn(session, selection, generation)
    return { selection, result, full }
  }
}

/** Answers whether there is something before the floor instead: keys whose hold is due. */
function nothingBehindFloor(session: LaneSession, selection: Selection, generation: number): boolean {
  moveOn(session, selection, generation)
  return beforeDueHolds(session) < session.floor
}

function moveOn(session: LaneSession, { crowds, floor }: Selection, generation: number): void {
  for (const [scope, crowd] of crowds) {
    const known = session.holds.get(scope)
    const hasFailed = known !== undefined && !isCrowd(known)
    if (hasFailed) known.waitingFrom = Math.min(known.waitingFrom, crowd?.head ?? known.waitingFrom)
    else if (crowd === null) session.holds.delete(scope)
    else session.holds.set(scope, crowd)
  }
  if (generation === session.generation) session.floor = Math.max(session.floor, floor)
}

/** Rows are fetched with their payloads: as many as `maxBytes` is likely to hold. */
function firstReadLimit(session: LaneSession, request: ClaimRequest): number {
  const bytesPerRow = session.bytesPerRow || request.maxBytes / 64
  return Math.max(1, Math.min(request.limit, Math.ceil((request.maxBytes / bytesPerRow) * 1.25)))
}

function learnRowSize(session: LaneSession, rows: readonly LaneRow[]): void {
  if (rows.length === 0) return
  let bytes = 0
  for (const row of rows) bytes += row.message.payload.byteLength
  session.bytesPerRow = Math.max(1, bytes / rows.length, session.bytesPerRow * 0.9)
}

/** The limit counts what is handed out, not what is passed over. */
function mayFindMore(
  session: LaneSession,
  selection: Selection,
  request: ClaimRequest,
  { limit, beganAtFloor }: { readonly limit: number; readonly beganAtFloor: boolean },
): boolean {
  const looksPastSuspects = selection.behindSuspects > 0 && limit < request.limit * lookPastSuspects
  if (selection.alone) return looksPastSuspects && !session.suspectsTurn
  if (selection.bytes > request.maxBytes / 2) return false
  if (selection.taken.length >= request.limit) return false
  // A batch that is half full is worth more than another read of the same rows.
  const looksPastHeld = selection.passedOver > 0 && selection.taken.length < request.limit / 2
  const looksPastCrowd = selection.crowded && beganAtFloor && limit < request.limit * lookPastCrowd
  return looksPastHeld || looksPastSuspects || looksPastCrowd || limit < request.limit
}

/** Keys whose hold is due are read from their first row on. The floor stays: what is below it is held still. */
function beforeDueHolds(session: LaneSession): Position {
  const now = session.now()
  const due = [...session.holds.values()].filter((hold) => hold.dueAt <= now)
  const inFlight = new Set(due.length > 0 ? session.inFlight.positions() : [])
  return due.reduce(
    (after, hold) => (inFlight.has(hold.head) ? after : Math.min(after, firstOf(hold) - 1)),
    session.floor,
  )
}

function prepareRead(
  store: LaneStore,
  session: LaneSession,
  request: ClaimRequest,
  { limit, after }: { readonly limit: number; readonly after: Position },
): { readonly read: LaneRead; readonly context: Omit<ReadContext, 'full'> } {
  const closed = new Set<string>()
  const skipKeys: HeldKey[] = []
  for (const hold of session.holds.values()) {
    if (firstOf(hold) <= after || hold.dueAt === Number.POSITIVE_INFINITY) closed.add(hold.scope)
    if (!closed.has(hold.scope) || hold.passedOver < passedOverAtMost) continue
    // The floor may have been set back to before its first row, for a late commit: whatever of the key is there is not seen.
    hold.waitingFrom = Math.min(hold.waitingFrom, after + 1)
    skipKeys.push(hold)
  }
  for (const topic of request.skipTopics) {
    session.skipped.set(topic, Math.min(session.skipped.get(topic) ?? Number.POSITIVE_INFINITY, after + 1))
  }
  const excluded = session.inFlight.values()
  return {
    read: {
      lanes: session.readLanes,
      after,
      upTo: null,
      exclude: excluded.map((row) => row.position),
      onlyTopic: null,
      skipTopics: request.skipTopics,
      skipKeys,
      limit,
      watch: session.writers.watched,
    },
    context: {
      now: session.now(),
      closed,
      excluded,
      after,
      complete: store.barrier === undefined ? null : session.writers.complete,
    },
  }
}

/** Failover or a new connection: positions may be drawn twice, and what was known of the past no longer holds. */
async function historyChanged(store: LaneStore, session: LaneSession, result: LaneReadResult): Promise<boolean> {
  const known = session.epoch
  session.epoch = result.epoch
  if (known === result.epoch) return false
  // What is in hand may have been lost with the old history: publishing it could invent messages.
  if (session.inFlight.size > 0) session.ended = true
  session.setFloorBack(1)
  // Also before the first read: what the barrier has said may speak of another history.
  session.writers.forget()
  if (known !== null) await reloadFailures(store, session)
  return true
}

/** A hold whose head has gone by somebody else's hand is over. */
async function endFinishedHolds(
  store: LaneStore,
  session: LaneSession,
  result: LaneReadResult,
  context: ReadContext,
): Promise<void> {
  if (session.holds.size === 0) return
  const readUpTo = context.full ? (result.rows.at(-1)?.position ?? 0) : Number.POSITIVE_INFINITY
  const there = new Set([...result.rows, ...context.excluded].map((row) => row.position))
  const finished = [...session.holds.values()].filter(
    (hold) =>
      !isCrowd(hold) &&
      hold.dueAt <= context.now &&
      !context.closed.has(hold.scope) &&
      hold.head > context.after &&
      hold.head <= readUpTo &&
      !there.has(hold.head),
  )
  if (finished.length === 0) return
  await store.transaction(async (tx) => {
    await tx.removeHolds(finished)
  })
  // Forgotten only now: were it before, and the transaction failed, nobody would remove them again.
  for (const hold of finished) if (session.holds.get(hold.scope) === hold) session.endHold(hold.scope)
}

function handOut(session: LaneSession, rows: readonly LaneRow[]): readonly ClaimedMessage[] {
  return rows.map((row) => {
    const { position, message, lane, attempts, scheduled, expired } = row
    const suspect = session.suspects.get(position)
    const crashes = suspect?.crashes ?? row.crashes
    const key = message.orderingKey ?? message.id
    const token: InFlight = {
      session,
      position,
      id: message.id,
      topic: message.topic,
      key,
      lane,
      scheduled,
      attempts,
      crashes,
      settled: false,
    }
    session.inFlight.add(token)
    return { message, token, attempt: attempts + 1, crashes, suspect: suspect !== undefined, expired }
  })
}

function nextDueInMs(session: LaneSession, result: LaneReadResult, membershipInMs: number): number {
  const now = session.now()
  let due = membershipInMs
  const inFlight = new Set(session.holds.size > 0 ? session.inFlight.positions() : [])
  for (const hold of session.holds.values()) {
    if (!inFlight.has(hold.head)) due = Math.min(due, Math.max(0, hold.dueAt - now))
  }
  if (result.nextAvailableAt !== null) due = Math.min(due, Math.max(0, result.nextAvailableAt - result.now))
  return due
}
