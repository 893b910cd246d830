import type { Position } from './lane-store.ts'
import type { LaneSession } from './session.ts'

/** A row in the hands of core. The object itself is the claim token. */
export interface InFlight {
  readonly session: LaneSession
  readonly position: Position
  readonly id: string
  readonly topic: string
  readonly key: string
  readonly lane: number
  readonly scheduled: boolean
  /** Attempts spent before this one. */
  readonly attempts: number
  readonly crashes: number
  /** It is no longer in the hands of core. */
  settled: boolean
}

/**
 * The rows in the hands of core.
 *
 * An array instead of a Map: when entries come and go, a Map moves to new tables again and again, and each table that it has
 * left points to the next one. Once the first of them is old, the collector of young objects keeps everything that they hold.
 * Almost all messages of a busy relay then grew old, and it took two to three times the memory.
 */
export class InFlightRows {
  #rows: InFlight[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(row: InFlight): void {
    this.#rows.push(row)
    this.#size++
  }

  /** Does nothing if it has been removed before. */
  remove(row: InFlight): void {
    if (row.settled) return
    row.settled = true
    this.#size--
    if (this.#rows.length > 2 * this.#size + 100) this.#rows = this.values()
  }

  /** In the order in which they were handed out. */
  values(): InFlight[] {
    return this.#rows.filter((row) => !row.settled)
  }

  positions(): Position[] {
    return this.values().map((row) => row.position)
  }
}
