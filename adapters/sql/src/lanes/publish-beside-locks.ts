import { WaybillError } from '@waybill/core/contracts'
import type { LaneStore, Position, RowRef } from '@waybill/core/lanes'

/** How many lock timeouts long rows that are locked are looked for before each publish. */
const carefulFor = 10

export interface LockParts {
  /** How long a statement waits for a lock. */
  readonly lockTimeoutMs: number
  /** Of the rows those that are pending and that somebody else locks; it waits for none. */
  lockedOf(rows: readonly RowRef[]): Promise<ReadonlySet<Position>>
}

/** Rows that somebody holds on to must not keep the others waiting: it leaves them for the next try. */
export function publishBesideLocks(
  publish: LaneStore['publish'],
  { lockTimeoutMs, lockedOf }: LockParts,
): LaneStore['publish'] {
  let carefulUntil = 0
  return async (rows) => {
    if (performance.now() >= carefulUntil) {
      try {
        return await publish(rows)
      } catch (error) {
        if (!(WaybillError.isInstance(error) && error.code === 'STORAGE_LOCKED')) throw error
        carefulUntil = performance.now() + lockTimeoutMs * carefulFor
      }
    }
    const locked = await lockedOf(rows)
    const free = rows.filter((row) => !locked.has(row.position))
    return free.length === 0 ? [] : publish(free)
  }
}
