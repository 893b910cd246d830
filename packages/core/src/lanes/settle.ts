import { type ClaimToken, type Settlement, type SettleResult, StorageError } from '../contracts/index.ts'
import type { InFlight } from './in-flight.ts'
import type { LaneStore, LaneTransaction, Position } from './lane-store.ts'
import { type HeldKey, isCrowd, type LaneSession } from './session.ts'

type Failed = Extract<Settlement, { type: 'retry' | 'dead' }>
type Outcome<S extends Settlement> = { readonly row: InFlight; readonly settlement: S }

/** What takes a transaction, unless it is only rows given back that stand in no window. */
interface Rest {
  /** Published rows that are settled when their hold or suspicion has been removed. */
  readonly cleared: readonly InFlight[]
  readonly released: readonly InFlight[]
  readonly failed: readonly Outcome<Failed>[]
}

/**
 * Applies a batch of settlements. What is published needs no fence and is one statement; what fails is rare, and is written
 * in a transaction that holds the relay's own row, so that a takeover comes either before (the settlement is lost) or after.
 */
export async function settle(
  store: LaneStore,
  session: LaneSession,
  settlements: readonly Settlement[],
): Promise<SettleResult> {
  const { published, failed, released } = sort(session, settlements)
  for (const { row, settlement } of failed) if (settlement.type === 'retry') announceHold(session, row)
  const { stillPending, cleared } = await settlePublished(store, session, published)
  for (const part of inParts({ cleared, released, failed })) if (!(await settleRest(store, session, part))) break
  if (stillPending > 0) {
    const message = `${stillPending} published messages could not be settled: their rows stayed locked by somebody else`
    throw new StorageError('STORAGE_LOCKED', message)
  }
  return { lost: failed.map(({ row }) => row).filter((row) => !row.settled) }
}

/** Failures in one transaction at most, or somewhat more: a long one would hold up producers, and this thread with some drivers. */
const failuresAtOnce = 100

/** Failures of one key stay together. */
function inParts(rest: Rest): readonly Rest[] {
  if (rest.failed.length <= failuresAtOnce) return [rest]
  const parts: Outcome<Failed>[][] = [[]]
  for (const ofKey of Map.groupBy(rest.failed, ({ row }) => scopeOf(row)).values()) {
    if ((parts.at(-1)?.length ?? 0) >= failuresAtOnce) parts.push([])
    parts.at(-1)?.push(...ofKey)
  }
  return parts.map((failed, index) => (index === 0 ? { ...rest, failed } : { cleared: [], released: [], failed }))
}

function sort(session: LaneSession, settlements: readonly Settlement[]) {
  const published: InFlight[] = []
  const failed: Outcome<Failed>[] = []
  const released: InFlight[] = []
  for (const settlement of settlements) {
    const row = inFlight(session, settlement.token)
    if (row === undefined) continue
    if (settlement.type === 'published') published.push(row)
    else if (settlement.type === 'release') released.push(row)
    else failed.push({ row, settlement })
  }
  return { published, failed, released }
}

/** A token that is settled already is passed over: repeating a call changes nothing. */
function inFlight(session: LaneSession, token: ClaimToken): InFlight | undefined {
  const row = token as InFlight
  return row.session === session && !row.settled ? row : undefined
}

/** From now on, not only from the commit on, claims pass over the key. */
function announceHold(session: LaneSession, row: InFlight): void {
  putHold(session, row, Number.POSITIVE_INFINITY)
}

function putHold(session: LaneSession, row: InFlight, dueAt: number): void {
  const scope = scopeOf(row)
  const { topic, key, lane, position } = row
  const known = session.holds.get(scope)
  const other = known === undefined ? Number.POSITIVE_INFINITY : behind(known, position)
  const waitingFrom = Math.min(known?.waitingFrom ?? Number.POSITIVE_INFINITY, other)
  const passedOver = known?.passedOver ?? 0
  session.holds.set(scope, { topic, key, scope, lane, head: position, dueAt, waitingFrom, passedOver })
}

/** The first row that waited for another reason than this one. */
function behind(known: HeldKey, position: Position): Position {
  if (known.head !== position) return known.head
  return isCrowd(known) ? position + 1 : Number.POSITIVE_INFINITY
}

function scopeOf(row: InFlight): string {
  return `${row.topic}\u0000${row.key}`
}

interface Published extends Pick<Rest, 'cleared'> {
  /** How many rows could not be settled now. */
  readonly stillPending: number
}

async function settlePublished(store: LaneStore, session: LaneSession, rows: readonly InFlight[]): Promise<Published> {
  if (rows.length === 0) return { stillPending: 0, cleared: [] }
  const done = those(rows, await store.publish(rows))
  const failedBefore = session.suspects.size > 0 || session.holds.size > 0
  const cleared = failedBefore ? done.filter((row) => session.suspects.has(row.position) || isHead(session, row)) : []
  const waits = new Set(cleared)
  for (const row of done) if (!waits.has(row)) finish(session, row)
  if (done.length > 0) session.trust()
  return { stillPending: rows.length - done.length, cleared }
}

/** The rows at these positions. Mostly that is all of them. */
function those(rows: readonly InFlight[], positions: readonly Position[]): readonly InFlight[] {
  if (positions.length === rows.length) return rows
  const wanted = new Set(positions)
  return rows.filter((row) => wanted.has(row.position))
}

function isHead(session: LaneSession, row: InFlight): boolean {
  return session.holds.size > 0 && session.holds.get(scopeOf(row))?.head === row.position
}

async function forgetFailures(tx: LaneTransaction, rows: readonly InFlight[]): Promise<void> {
  await tx.removeHolds(rows.map(({ topic, key, position }) => ({ topic, key, head: position })))
  await tx.removeSuspects(rows.map((row) => row.position))
}

/** The row is no longer pending, and a hold that it headed is over. */
function finish(session: LaneSession, row: InFlight): void {
  const wasHead = isHead(session, row)
  forget(session, row)
  if (wasHead) session.endHold(scopeOf(row))
}

function forget(session: LaneSession, row: InFlight): void {
  session.inFlight.remove(row)
  session.window.delete(row.position)
  session.suspects.delete(row.position)
}

function giveBack(session: LaneSession, released: readonly InFlight[]): void {
  for (const row of released) session.inFlight.remove(row)
  session.readAgain(released)
}

/** Answers whether the session still holds the rows that failed. */
async function settleRest(store: LaneStore, session: LaneSession, rest: Rest): Promise<boolean> {
  const { cleared, released, failed } = rest
  const rows = [...failed.map(({ row }) => row), ...released]
  const leavesWindow = rows.some((row) => session.window.has(row.position))
  if (leavesWindow) return session.inWindowOrder(() => writeRest(store, session, rest, rows))
  if (cleared.length > 0 || failed.length > 0) return writeRest(store, session, rest, [])
  giveBack(session, released)
  return true
}

async function writeRest(
  store: LaneStore,
  session: LaneSession,
  { cleared, released, failed }: Rest,
  leaving: readonly InFlight[],
): Promise<boolean> {
  const positions = new Set(leaving.map((row) => row.position))
  const window = [...session.window].filter((position) => !positions.has(position))
  const held = await store.transaction(async (tx) => {
    if (cleared.length > 0) await forgetFailures(tx, cleared)
    if (failed.length === 0 && leaving.length === 0) return []
    if (!(await tx.holdRelay(session.id))) return null
    if (leaving.length > 0) await tx.setWindow(session.id, window)
    return writeFailures(tx, failed)
  })
  for (const row of cleared) finish(session, row)
  if (held === null) {
    session.ended = true
    return failed.length === 0
  }
  for (const { row, settlement } of failed) {
    if (settlement.type === 'dead') finish(session, row)
    else forget(session, row)
  }
  for (const { row, delayMs } of held) putHold(session, row, session.now() + delayMs)
  giveBack(session, released)
  for (const row of leaving) session.window.delete(row.position)
  session.trust()
  return true
}

interface Held {
  /** The first of its key. */
  readonly row: InFlight
  readonly delayMs: number
}

/** Answers which keys are held. Of several failures of one key the first is the head, and the longest delay counts. */
async function writeFailures(tx: LaneTransaction, failed: readonly Outcome<Failed>[]): Promise<Iterable<Held>> {
  if (failed.length === 0) return []
  const now = await tx.now()
  await forgetFailures(
    tx,
    failed.map(({ row }) => row),
  )
  for (const alike of Map.groupBy(failed, failureOf).values()) await writeAlike(tx, alike)
  const held = new Map<string, Held>()
  for (const { row, settlement } of failed) {
    if (settlement.type === 'dead') continue
    const before = held.get(scopeOf(row))
    const first = before !== undefined && before.row.position < row.position ? before.row : row
    held.set(scopeOf(row), { row: first, delayMs: Math.max(before?.delayMs ?? 0, settlement.delayMs) })
  }
  const holds = [...held.values()].map(({ row: { topic, key, lane, position }, delayMs }) => {
    return { topic, key, lane, head: position, dueAt: now + delayMs }
  })
  await tx.putHolds(holds)
  return held.values()
}

/** What is the same is written at once: what a broker refuses, it mostly refuses for one reason. */
function failureOf({ row, settlement }: Outcome<Failed>): string {
  const reason = settlement.type === 'dead' ? settlement.reason : null
  return JSON.stringify([reason, attemptsOf(row, settlement), row.crashes, settlement.error])
}

function attemptsOf(row: InFlight, settlement: Failed): number {
  return row.attempts + (settlement.spendsAttempt ? 1 : 0)
}

async function writeAlike(tx: LaneTransaction, alike: readonly Outcome<Failed>[]): Promise<void> {
  const [first] = alike
  if (first === undefined) return
  const { row, settlement } = first
  const rows = alike.map((outcome) => outcome.row)
  const change = { attempts: attemptsOf(row, settlement), crashes: row.crashes, error: settlement.error }
  if (settlement.type === 'dead') await tx.bury(rows, { ...change, reason: settlement.reason })
  else await tx.retry(rows, change)
}
