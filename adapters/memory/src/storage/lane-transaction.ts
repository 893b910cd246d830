import { orderingScope } from '@waybill/core/contracts'
import { type LaneTransaction, laneCount, type Position, type RelayRecord } from '@waybill/core/lanes'
import type { LaneTurn, StoredRelay } from '../database/lane-tables.ts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import { type Schedule, scheduled } from './schedule.ts'
import { buryRow, retryRow } from './settle-rows.ts'

type Run = <T>(step: string, action: () => T) => Promise<T>

/** The steps of a transaction on the lane tables. */
export function laneTransaction(database: MemoryDatabase, turn: LaneTurn, schedule?: Schedule): LaneTransaction {
  const run: Run = (step, action) =>
    scheduled(schedule, `transaction:${step}`, () => {
      turn.assertOpen()
      return action()
    })
  return {
    now: () => run('now', database.now),
    ...relaySteps(database, turn, run),
    ...keySteps(database, turn, run),
    ...rowSteps(database, turn, run),
  }
}

type RelaySteps = 'holdRelay' | 'relays' | 'removeRelay' | 'trustRelay' | 'owners' | 'assign' | 'setWindow'

function relaySteps({ lanes, now }: MemoryDatabase, turn: LaneTurn, run: Run): Pick<LaneTransaction, RelaySteps> {
  const change = (relayId: string, changes: Partial<StoredRelay>) => {
    const relay = lanes.relays.get(relayId)
    if (relay !== undefined) turn.set(lanes.relays, relayId, { ...relay, ...changes })
  }
  return {
    // Nothing else can remove it before this transaction ends: they run one after the other.
    holdRelay: (relayId) => run('holdRelay', () => lanes.relays.has(relayId)),
    relays: () => run('relays', () => [...lanes.relays.values()].map((relay) => relayRecord(relay, now()))),
    removeRelay: (relayId) => run('removeRelay', () => turn.delete(lanes.relays, relayId)),
    trustRelay: (relayId) => run('trustRelay', () => change(relayId, { trusted: true })),
    owners: () => run('owners', () => Array.from({ length: laneCount }, (_, lane) => lanes.owners.get(lane) ?? null)),
    assign: (assigned, owner) =>
      run('assign', () => {
        for (const lane of assigned) {
          if (owner === null) turn.delete(lanes.owners, lane)
          else turn.set(lanes.owners, lane, owner)
        }
      }),
    setWindow: (relayId, window) => run('setWindow', () => change(relayId, { window: [...window] })),
  }
}

type KeySteps = 'holds' | 'putHolds' | 'removeHolds' | 'suspects' | 'putSuspects' | 'removeSuspects'

function keySteps({ lanes }: MemoryDatabase, turn: LaneTurn, run: Run): Pick<LaneTransaction, KeySteps> {
  return {
    holds: (wanted) => run('holds', () => inLanes(lanes.holds.values(), wanted)),
    putHolds: (holds) =>
      run('putHolds', () => {
        for (const hold of holds) turn.set(lanes.holds, scopeOf(hold), hold)
      }),
    removeHolds: (holds) =>
      run('removeHolds', () => {
        for (const hold of holds) {
          const scope = scopeOf(hold)
          if (lanes.holds.get(scope)?.head === hold.head) turn.delete(lanes.holds, scope)
        }
      }),
    suspects: (wanted) => run('suspects', () => inLanes(lanes.suspects.values(), wanted)),
    putSuspects: (suspects) =>
      run('putSuspects', () => {
        for (const suspect of suspects) turn.set(lanes.suspects, suspect.position, suspect)
      }),
    removeSuspects: (positions) =>
      run('removeSuspects', () => {
        for (const position of positions) turn.delete(lanes.suspects, position)
      }),
  }
}

type RowSteps = 'pending' | 'retry' | 'bury'

function rowSteps(database: MemoryDatabase, turn: LaneTurn, run: Run): Pick<LaneTransaction, RowSteps> {
  const { messages } = database
  const pendingRow = (position: Position) => {
    const stored = messages.at(position)
    return stored?.status === 'PENDING' ? [stored.row] : []
  }
  return {
    pending: (positions) =>
      run('pending', () => positions.flatMap(pendingRow).sort((left, right) => left.position - right.position)),
    retry: (rows, change) =>
      run('retry', () => {
        for (const row of rows) turn.changeRow(row.position, () => retryRow(database, row, change))
      }),
    bury: (rows, change) =>
      run('bury', () => {
        for (const row of rows) turn.changeRow(row.position, () => buryRow(database, row, change))
      }),
  }
}

/** Topic and key of a hold, in the form of `orderingScope`. */
function scopeOf(hold: { readonly topic: string; readonly key: string }): string {
  return orderingScope({ topic: hold.topic, orderingKey: hold.key, id: hold.key })
}

function inLanes<T extends { readonly lane: number }>(items: Iterable<T>, lanes: readonly number[]): T[] {
  const wanted = new Set(lanes)
  return [...items].filter((item) => wanted.has(item.lane))
}

/** A relay as others judge it: a lease further ahead than it can be comes from before the clock was set back. */
export function relayRecord(
  { id, label, trusted, window, leaseUntil, leaseMs }: StoredRelay,
  now: number,
): RelayRecord {
  return { id, label, trusted, window, expired: leaseUntil <= now || leaseUntil > now + leaseMs }
}
