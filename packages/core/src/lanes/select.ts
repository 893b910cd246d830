import { type ClaimRequest, orderingScope } from '../contracts/index.ts'
import type { InFlight } from './in-flight.ts'
import type { LaneReadResult, LaneRow, Position } from './lane-store.ts'
import type { LaneSession } from './session.ts'

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
  /** Taken before `keyLimit` was let go of. */
  readonly withinKeyLimit: number
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
  const { open, passedOver } = passOverHeld(session, result, context)
  const suspect = session.suspects.size > 0 ? nextSuspect(session, open) : undefined
  const normal = takeNormal(session, open, request)
  const alone = suspect !== undefined && (session.suspectsTurn || normal.taken.length === 0)
  const taken = alone ? [suspect] : normal.taken
  return {
    taken,
    alone,
    floor: floorOf(open, new Set(taken), result.rows, context),
    leftOver: open.length > taken.length,
    passedOver,
    behindSuspects: normal.behindSuspects,
    withinKeyLimit: normal.withinKeyLimit,
    bytes: alone ? suspect.message.payload.byteLength : normal.bytes,
  }
}

function passOverHeld(
  session: LaneSession,
  result: LaneReadResult,
  context: ReadContext,
): { readonly open: readonly LaneRow[]; readonly passedOver: number } {
  if (session.holds.size === 0 && context.closed.size === 0) return { open: result.rows, passedOver: 0 }
  const open: LaneRow[] = []
  for (const row of result.rows) {
    const scope = orderingScope(row.message)
    const hold = session.holds.get(scope)
    const isOpen = !context.closed.has(scope) && (hold === undefined || hold.dueAt <= context.now)
    if (isOpen) {
      open.push(row)
    } else if (hold !== undefined && row.position !== hold.head) {
      hold.waitingFrom = Math.min(hold.waitingFrom, row.position)
      hold.passedOver++
    }
  }
  return { open, passedOver: result.rows.length - open.length }
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
  readonly withinKeyLimit: number
  readonly behindSuspects: number
  readonly bytes: number
}

function takeNormal(session: LaneSession, open: readonly LaneRow[], request: ClaimRequest): Taking {
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
  // The rest of the batch may go to the keys that have more, once no other key has a row here that waits.
  const stopped = rows.some((row) => !take(row))
  const withinKeyLimit = taken.length
  if (!stopped) overKeyLimit.some((row) => !take(row))
  return { taken, withinKeyLimit, behindSuspects: open.length - rows.length - overKeyLimit.length, bytes }
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

/** What is handed out may be passed: whoever gives it back sets the floor back. */
function floorOf(
  open: readonly LaneRow[],
  taken: ReadonlySet<LaneRow>,
  rows: readonly LaneRow[],
  context: Pick<ReadContext, 'after' | 'full' | 'complete'>,
): Position {
  const lastRead = rows.at(-1)?.position ?? context.after
  let floor = context.full ? lastRead : Number.POSITIVE_INFINITY
  floor = Math.min(floor, context.complete ?? Math.max(context.after, lastRead))
  const lowest = open.find((row) => !row.scheduled && !taken.has(row))
  return lowest === undefined ? floor : Math.min(floor, lowest.position - 1)
}
