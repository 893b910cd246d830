import type { Member } from './consumer-group.ts'

/** A partition as a group reads it: who has it, and how far it has got. */
export class Partition {
  readonly name: string
  owner: Member | null = null
  /** All before it has been acknowledged. */
  committed = 0
  /** Grows with each assignment: what an earlier owner says is in vain. */
  generation = 0
  /** Deliveries without an answer, by offset. */
  readonly inFlight: Map<number, AbortController> = new Map()
  /** Answered, beyond `committed`. */
  readonly #done = new Set<number>()
  /** To deliver again, before anything new. */
  #again: number[] = []
  /** Waiting for the time of their redelivery. */
  #waiting = 0
  #next = 0
  /** All before it has been delivered at least once. */
  #delivered = 0

  constructor(name: string) {
    this.name = name
  }

  /** The offset to deliver next, if `end` is where the partition ends; `null` if there is none. */
  takeNext(end: number): number | null {
    const again = this.#again.shift()
    if (again !== undefined) return again
    if (this.#waiting > 0 || this.#next >= end) return null
    return this.#next++
  }

  /** Answers whether it may have been delivered before. */
  deliver(offset: number): boolean {
    const before = offset < this.#delivered
    this.#delivered = Math.max(this.#delivered, offset + 1)
    return before
  }

  acknowledge(offset: number): void {
    this.inFlight.delete(offset)
    this.#done.add(offset)
    while (this.#done.delete(this.committed)) this.committed++
  }

  giveBack(offset: number): void {
    this.inFlight.delete(offset)
    this.#waiting++
  }

  redeliver(offset: number): void {
    this.#waiting--
    this.#again = [...this.#again, offset].sort((left, right) => left - right)
  }

  /** Answers the signals of what its owner has in hand. `lost`: acknowledgements that were on their way. */
  revoke(lost: number): readonly AbortController[] {
    const signals = [...this.inFlight.values()]
    this.generation++
    this.owner = null
    this.inFlight.clear()
    this.#done.clear()
    this.#again = []
    this.#waiting = 0
    this.committed = Math.max(0, this.committed - lost)
    this.#next = this.committed
    return signals
  }
}
