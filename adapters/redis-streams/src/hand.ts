import type { Acknowledgements } from './acknowledgements.ts'
import { Backlog } from './backlog.ts'
import { type Entry, handleOf } from './entry.ts'
import { consumerError } from './errors.ts'

/** Everything that Redis has given to this consumer and that is not acknowledged: waiting to be handed over, or handed over. */
export class Hand {
  readonly #backlog = new Backlog()
  readonly #inFlight = new Map<string, { readonly entry: Entry; readonly lost: AbortController }>()
  readonly #acknowledgements: Acknowledgements
  readonly #maxInFlight: number

  constructor(acknowledgements: Acknowledgements, maxInFlight: number) {
    this.#acknowledgements = acknowledgements
    this.#maxInFlight = maxInFlight
  }

  /** How many more entries may be read. */
  get room(): number {
    return Math.max(0, this.#maxInFlight - this.#inFlight.size - this.#backlog.size)
  }

  get waiting(): readonly Entry[] {
    return this.#backlog.entries
  }

  /** What this consumer has to say that it still works on. */
  get all(): readonly Entry[] {
    return [...[...this.#inFlight.values()].map(({ entry }) => entry), ...this.#backlog.entries]
  }

  /** Adds what is not in hand yet: what is read again after a lost connection may be. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const handle = handleOf(entry)
      const isKnown = this.#inFlight.has(handle) || this.#backlog.has(handle) || this.#acknowledgements.has(handle)
      if (!isKnown) this.#backlog.add(entry)
    }
  }

  /** The next entry to be handed over, with the signal that fires when another takes it; undefined if there is none, or no room. */
  take(now: number): { readonly entry: Entry; readonly signal: AbortSignal } | undefined {
    const entry = this.#inFlight.size < this.#maxInFlight ? this.#backlog.take(now) : undefined
    if (entry === undefined) return undefined
    const lost = new AbortController()
    this.#inFlight.set(handleOf(entry), { entry, lost })
    return { entry, signal: lost.signal }
  }

  nextDueAt(now: number): number | undefined {
    return this.#backlog.nextDueAt(now)
  }

  /** It has been handled, well or not. */
  putDown(entry: Entry): void {
    this.#inFlight.delete(handleOf(entry))
  }

  retry(entry: Entry, dueAt: number): void {
    this.#backlog.add({ ...entry, deliveryCount: entry.deliveryCount + 1 }, dueAt)
  }

  /** Another has taken entries over. One that was acknowledged meanwhile is gone for that reason. */
  lose(entries: readonly Entry[]): void {
    const handles = new Set(entries.map(handleOf).filter((handle) => !this.#acknowledgements.has(handle)))
    this.#backlog.remove(handles)
    for (const handle of handles) {
      this.#inFlight.get(handle)?.lost.abort(consumerError('Another consumer of the group has taken the delivery over'))
    }
  }
}
