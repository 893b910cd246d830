import { type Entry, handleOf, scopeOf } from './entry.ts'

interface Waiting {
  readonly entry: Entry
  /** By `performance.now()`; 0: at once. */
  readonly dueAt: number
}

/**
 * Entries that have been read and wait to be handed over, in the order of their streams. One that waits for its retry holds
 * back those of its key that come after it.
 */
export class Backlog {
  readonly #waiting: Waiting[] = []
  readonly #handles = new Set<string>()

  get size(): number {
    return this.#waiting.length
  }

  get entries(): readonly Entry[] {
    return this.#waiting.map(({ entry }) => entry)
  }

  has(handle: string): boolean {
    return this.#handles.has(handle)
  }

  add(entry: Entry, dueAt = 0): void {
    const after = this.#waiting.findLastIndex((other) => other.entry.place <= entry.place)
    this.#waiting.splice(after + 1, 0, { entry, dueAt })
    this.#handles.add(handleOf(entry))
  }

  /** Takes out the first entry that may be handed over. */
  take(now: number): Entry | undefined {
    const held = new Set<string>()
    for (const [index, { entry, dueAt }] of this.#waiting.entries()) {
      const scope = scopeOf(entry)
      if (dueAt <= now && !held.has(scope)) {
        this.#waiting.splice(index, 1)
        this.#handles.delete(handleOf(entry))
        return entry
      }
      held.add(scope)
    }
    return undefined
  }

  /** When the next entry falls due that is not due yet. */
  nextDueAt(now: number): number | undefined {
    const later = this.#waiting.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now)
    return later.length === 0 ? undefined : Math.min(...later)
  }

  /** Takes out what is no longer ours. */
  remove(handles: ReadonlySet<string>): void {
    const rest = this.#waiting.filter(({ entry }) => !handles.has(handleOf(entry)))
    this.#waiting.splice(0, this.#waiting.length, ...rest)
    for (const handle of handles) this.#handles.delete(handle)
  }
}
