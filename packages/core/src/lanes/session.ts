import type { RelaySession } from '../contracts/index.ts'
import { type InFlight, InFlightRows } from './in-flight.ts'
import { laneCount, type Position, type Suspect } from './lane-store.ts'
import { WriterWatch } from './writer-watch.ts'

/** A hold in memory. */
export interface HeldKey {
  readonly topic: string
  readonly key: string
  readonly scope: string
  readonly lane: number
  readonly head: Position
  /**
   * By {@link LaneSession.now}, which nobody sets back. Infinity while the settlement that makes the hold is on its way,
   * -Infinity for a crowd.
   */
  readonly dueAt: number
  /** The lowest position of the key's other rows that were passed over; Infinity if there are none. */
  waitingFrom: Position
  passedOver: number
}

/**
 * A key with more rows than a claim may take of one key is a hold that is always due: the floor passes its rows, and reads
 * that begin at the first of them take turns with others. Nobody else needs to know of it.
 */
export function isCrowd(hold: HeldKey): boolean {
  return hold.dueAt === Number.NEGATIVE_INFINITY
}

/** Where reading the key has to begin. */
export function firstOf(hold: HeldKey): Position {
  return Math.min(hold.head, hold.waitingFrom)
}

/** What one relay's life at a store remembers. The database remembers what another relay needs after it. */
export class LaneSession implements RelaySession {
  readonly id: string
  readonly label: string
  readonly leaseMs: number
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  ended = false
  trusted = false
  readonly lanes: Set<number> = new Set()
  readonly inFlight: InFlightRows = new InFlightRows()
  readonly holds: Map<string, HeldKey> = new Map()
  readonly suspects: Map<Position, Suspect> = new Map()
  /** Topics that are skipped, with the lowest position that may have been passed over in each. */
  readonly skipped: Map<string, Position> = new Map()
  /** Keys probed lately, by topic, oldest first. */
  readonly probed: Map<string, string[]> = new Map()
  readonly writers: WriterWatch = new WriterWatch()
  /** What stands in this relay's window in the database, or may while it is being written or after that has failed. */
  window: Set<Position> = new Set()
  /** Everything pending in these lanes up to here is in flight, held, skipped or scheduled. */
  floor: Position = 0
  /** Grows when the floor is set back, which voids the floor that a claim on its way would set. */
  generation = 0
  suspectsTurn = true
  /** Retries that are due and rows that have not been tried take turns, so that neither starves the other. */
  retriesTurn = false
  epoch: string | null = null
  bytesPerRow = 0
  membershipDueAt = 0
  sweepDueAt = 0
  sweepCursor: Position = 0
  #windowWrites: Promise<unknown> = Promise.resolve()

  constructor(options: Pick<LaneSession, 'id' | 'label' | 'leaseMs' | 'now'>) {
    this.id = options.id
    this.label = options.label
    this.leaseMs = options.leaseMs
    this.now = options.now
  }

  /** For {@link LaneRead.lanes}. */
  get readLanes(): readonly number[] | null {
    return this.lanes.size === laneCount ? null : [...this.lanes]
  }

  /** It has proved itself, and takes its share of the lanes with the next claim. */
  trust(): void {
    if (!this.trusted) this.membershipDueAt = 0
    this.trusted = true
  }

  setFloorBack(before: Position): void {
    this.generation++
    this.floor = Math.min(this.floor, before - 1)
  }

  /**
   * These rows are not in flight, and pending still: they are read again, those of a topic that is skipped when it no longer
   * is. Else each probe that fails would make the next claim pass over everything that the topic has waiting.
   */
  readAgain(rows: readonly Pick<InFlight, 'position' | 'scheduled' | 'topic'>[]): void {
    for (const { position, scheduled, topic } of rows) {
      const skippedFrom = this.skipped.get(topic)
      if (scheduled) continue
      if (skippedFrom === undefined) this.setFloorBack(position)
      else this.skipped.set(topic, Math.min(skippedFrom, position))
    }
  }

  /** Rows of the key that were passed over are read again. */
  endHold(scope: string): void {
    const hold = this.holds.get(scope)
    if (hold === undefined) return
    this.holds.delete(scope)
    this.setFloorBack(isCrowd(hold) ? firstOf(hold) : hold.waitingFrom)
  }

  /** Two writes of the window must not pass each other. */
  inWindowOrder<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#windowWrites.then(write, write)
    this.#windowWrites = turn.catch(() => undefined)
    return turn
  }
}
