import { type ClaimRequest, orderingScope } from '../contracts/index.ts'
import type { InFlight } from './in-flight.ts'
import type { LaneReadResult, LaneRow, Position } from './lane-store.ts'
import { type HeldKey, isCrowd, type LaneSession } from './session.ts'

/** What the session knew when the read was sent. What has changed since then must not let a key's later rows through. */
export interface ReadContext {
  /** By {@link LaneSession.now}: holds that fall due later have not been due. */
  readonly now: number
  /** Keys whose hold was not due. */
  readonly closed: ReadonlySet<string>
  /** What was in flight: the read left it out. */
  readonly excluded: readonly InFlight[]
  readonly after: Position
  /** The read stopped at its limit. */
  readonly full: boolean
  /** Highest position that the floor may take: open writers end there. `null`: positions are commit order. */
  readonly complete: Position | null
}

export interface Selection {
  /** To hand out, in order. */
  readonly taken: readonly LaneRow[]
  /** {@link taken} is a suspect. */
  readonly alone: boolean
  /** The floor that this read allows. */
  readonly floor: Position
  /** Rows that only `limit`, `maxBytes` or `keyLimit` (or a suspect that must come alone) kept back. */
  readonly leftOver: boolean
  /** Rows of held keys. */
  readonly passedOver: number
  /** Suspects, and what follows them in their keys. */
  readonly behindSuspects: number
  /** `keyLimit` kept rows back, of this read or of an earlier one. */
  readonly crowded: boolean
  /** What this read knows of keys with too many rows: where they go on, `null` if they have no more. */
  readonly crowds: ReadonlyMap<string, HeldKey | null>
  readonly bytes: number
}

/**
 * Decides which rows of one read are handed out. Rows of held keys are passed over: the floor may pass them too, for the
 * hold remembers the lowest. Everything else that is not handed out keeps the floor below it.
 */
export function select(
  session: LaneSession,
  result: LaneReadResult,
  context: ReadContext,
  request: ClaimRequest,
): Selection {
  const { open, passedOver, crowded } = passOverHeld(session, result, context)
  const suspect = session.suspects.size > 0 ? nextSuspect(session, open) : undefined
  const normal = takeNormal(session, open, request, context.full)
  const alone = suspect !== undefined && (session.suspectsTurn || normal.taken.length === 0)
  const taken = alone ? [suspect] : normal.taken
  const left = withoutTaken(open, taken)
  const crowds = crowdsOf(session, left, normal.overKeyLimit, { ...context, rows: result.rows })
  return {
    taken,
    alone,
    floor: floorOf(left, crowds, result.rows, context),
    leftOver: left.length > 0,
    passedOver,
    behindSuspects: normal.behindSuspects,
    crowded: crowded || normal.overKeyLimit.length > 0,
    crowds,
    bytes: alone ? suspect.message.payload.byteLength : normal.bytes,
  }
}

function passOverHeld(
  session: LaneSession,
  result: LaneReadResult,
  context: ReadContext,
): { readonly open: readonly LaneRow[]; readonly passedOver: number; readonly crowded: boolean } {
  if (session.holds.size === 0 && context.closed.size === 0) return { open: result.rows, passedOver: 0, crowded: false }
  const open: LaneRow[] = []
  let ofCrowds = 0
  for (const row of result.rows) {
    const scope = orderingScope(row.message)
    const hold = session.holds.get(scope)
    const isOpen = !context.closed.has(scope) && (hold === undefined || hold.dueAt <= context.now)
    if (isOpen) {
      open.push(row)
      continue
    }
    if (hold === undefined || row.position === hold.head) continue
    hold.waitingFrom = Math.min(hold.waitingFrom, row.position)
    if (isCrowd(hold)) ofCrowds++
    else hold.passedOver++
  }
  return { open, passedOver: result.rows.length - open.length - ofCrowds, crowded: ofCrowds > 0 }
}

/** The first suspect that no earlier row of its key precedes. */
function nextSuspect(session: LaneSession, open: readonly LaneRow[]): LaneRow | undefined {
  const seen = new Set<string>()
  for (const row of open) {
    const scope = orderingScope(row.message)
    if (!seen.has(scope) && session.suspects.has(row.position)) return row
    seen.add(scope)
  }
  return undefined
}

interface Taking {
  readonly taken: readonly LaneRow[]
  readonly overKeyLimit: readonly LaneRow[]
  readonly behindSuspects: number
  readonly bytes: number
}

function takeNormal(session: LaneSession, open: readonly LaneRow[], request: ClaimRequest, full: boolean): Taking {
  const taken: LaneRow[] = []
  let bytes = 0
  const take = (row: LaneRow): boolean => {
    const size = row.message.payload.byteLength
    if (taken.length >= request.limit || (taken.length > 0 && bytes + size > request.maxBytes)) return false
    bytes += size
    taken.push(row)
    return true
  }
  const { rows, overKeyLimit } = withoutSuspects(session, open, request.keyLimit)
  // The rest of the batch may go to the keys that have more, once it is known that no other key waits.
  const stopped = rows.some((row) => !take(row))
  if (!stopped && !full) overKeyLimit.some((row) => !take(row))
  return { taken, overKeyLimit, behindSuspects: open.length - rows.length - overKeyLimit.length, bytes }
}

/** Leaves out suspects and what follows them in their keys, and sets apart what exceeds the limit per key. */
function withoutSuspects(
  session: LaneSession,
  open: readonly LaneRow[],
  keyLimit: number | undefined,
): { readonly rows: readonly LaneRow[]; readonly overKeyLimit: readonly LaneRow[] } {
  if (session.suspects.size === 0 && keyLimit === undefined) return { rows: open, overKeyLimit: [] }
  const rows: LaneRow[] = []
  const overKeyLimit: LaneRow[] = []
  const blocked = new Set<string>()
  const counts = new Map<string, number>()
  for (const row of open) {
    const scope = orderingScope(row.message)
    if (session.suspects.has(row.position)) blocked.add(scope)
    if (blocked.has(scope)) continue
    const count = (counts.get(scope) ?? 0) + 1
    counts.set(scope, count)
    if (count > (keyLimit ?? Number.POSITIVE_INFINITY)) overKeyLimit.push(row)
    else rows.push(row)
  }
  return { rows, overKeyLimit }
}

function withoutTaken(open: readonly LaneRow[], taken: readonly LaneRow[]): readonly LaneRow[] {
  if (open.length === taken.length) return []
  const handedOut = new Set(taken)
  return open.filter((row) => !handedOut.has(row))
}

/** Keys with too many rows, known or new, of which this read has begun at the first row. A key that is held is none. */
function crowdsOf(
  session: LaneSession,
  left: readonly LaneRow[],
  overKeyLimit: readonly LaneRow[],
  { rows, closed, full }: ReadContext & { readonly rows: readonly LaneRow[] },
): ReadonlyMap<string, HeldKey | null> {
  const crowds = new Map<string, HeldKey | null>()
  const waitingFrom = Number.POSITIVE_INFINITY
  for (const hold of session.holds.values()) {
    if (!isCrowd(hold) || closed.has(hold.scope)) continue
    crowds.set(hold.scope, full ? { ...hold, waitingFrom, head: (rows.at(-1)?.position ?? 0) + 1 } : null)
  }
  const crowded = new Set(overKeyLimit.map((row) => orderingScope(row.message)))
  for (const row of left.toReversed()) {
    const scope = orderingScope(row.message)
    const isHeld = session.holds.has(scope) && !crowds.has(scope)
    if (row.scheduled || isHeld || !(crowded.has(scope) || crowds.has(scope))) continue
    const { topic, orderingKey, id } = row.message
    const place = { topic, key: orderingKey ?? id, scope, lane: row.lane, head: row.position }
    crowds.set(scope, { ...place, dueAt: Number.NEGATIVE_INFINITY, waitingFrom, passedOver: 0 })
  }
  return crowds
}

/** What is handed out may be passed, for whoever gives it back sets the floor back, and so may crowds; else nothing left. */
function floorOf(
  left: readonly LaneRow[],
  crowds: ReadonlyMap<string, unknown>,
  rows: readonly LaneRow[],
  context: ReadContext,
): Position {
  const lastRead = rows.at(-1)?.position ?? context.after
  let floor = context.full ? lastRead : Number.POSITIVE_INFINITY
  floor = Math.min(floor, context.complete ?? Math.max(context.after, lastRead))
  const lowest = left.find(({ scheduled, message }) => !scheduled && !crowds.has(orderingScope(message)))
  return lowest === undefined ? floor : Math.min(floor, lowest.position - 1)
}
