import type { Position, WriterBarrier } from './lane-store.ts'

/** Calls of the barrier that a writer may delay before it is left behind. */
const patience = 3

/**
 * Up to where positions are complete: no open transaction can still commit one there. A cursor that ignores open writers
 * reverses keys even when producers serialise on them (`docs/architecture/leased-lanes.md`, The floor).
 *
 * A transaction that stays open would keep the floor where it is, and each claim would read again what has been published
 * since. It is left behind instead, with the lowest position that it can own; when a read's snapshot shows it as ended, the
 * floor goes back to there.
 */
export class WriterWatch {
  complete: Position = 0
  #waiting: { readonly last: Position; readonly writers: readonly string[]; calls: number } | null = null
  readonly #leftBehind: Map<string, Position> = new Map()

  /** Takes in what the store says before a read. The read that follows may rely on {@link complete}. */
  advance(barrier: WriterBarrier, mayLeaveBehind: boolean): void {
    this.#waiting ??= {
      last: barrier.last,
      writers: barrier.writers.filter((id) => !this.#leftBehind.has(id)),
      calls: 0,
    }
    const open = this.#waiting.writers.filter((id) => barrier.writers.includes(id))
    if (open.length > 0 && (!mayLeaveBehind || ++this.#waiting.calls <= patience)) {
      // Who has once been gone has ended: a writer of that id from now on has drawn nothing up to `last`.
      this.#waiting = { ...this.#waiting, writers: open }
      return
    }
    for (const id of open) this.#leftBehind.set(id, this.complete + 1)
    this.complete = Math.max(this.complete, this.#waiting.last)
    this.#waiting = null
  }

  get watched(): readonly string[] {
    return [...this.#leftBehind.keys()]
  }

  /** Where to read again because these writers have ended, or `null`. */
  ended(ids: readonly string[]): Position | null {
    let lowest: Position | null = null
    for (const id of ids) {
      const low = this.#leftBehind.get(id)
      if (low === undefined) continue
      this.#leftBehind.delete(id)
      lowest = Math.min(lowest ?? low, low)
    }
    return lowest
  }

  forget(): void {
    this.complete = 0
    this.#waiting = null
    this.#leftBehind.clear()
  }
}
