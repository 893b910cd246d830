import { type Entry, handleOf } from './entry.ts'
import type { ConsumerGroup } from './group.ts'

/** What has been handled and Redis does not know yet: told in batches, and again until it is known. */
export class Acknowledgements {
  readonly #group: ConsumerGroup
  readonly #onError: (error: Error) => void
  readonly #acked = new Map<string, Entry>()
  readonly #buried = new Map<string, { readonly entry: Entry; readonly deadLetters: string; readonly reason: string }>()
  #flushing: Promise<void> | undefined

  constructor(group: ConsumerGroup, onError: (error: Error) => void) {
    this.#group = group
    this.#onError = onError
  }

  has(handle: string): boolean {
    return this.#acked.has(handle) || this.#buried.has(handle)
  }

  get entries(): readonly Entry[] {
    return [...this.#acked.values(), ...[...this.#buried.values()].map(({ entry }) => entry)]
  }

  ack(entry: Entry): void {
    this.#acked.set(handleOf(entry), entry)
    void this.flush()
  }

  bury(entry: Entry, deadLetters: string, reason: string): void {
    this.#buried.set(handleOf(entry), { entry, deadLetters, reason })
    void this.flush()
  }

  /** Tells Redis; resolves when it knows, or could not be told. What could not be told is kept for the next time. */
  flush(): Promise<void> {
    this.#flushing ??= Promise.resolve()
      .then(() => this.#flush())
      .catch(this.#onError)
      .finally(() => {
        this.#flushing = undefined
      })
    return this.#flushing
  }

  /** Flushes until nothing is left, or Redis cannot be told. */
  async drain(): Promise<void> {
    for (let before = -1; this.entries.length > 0 && this.entries.length !== before; ) {
      before = this.entries.length
      await this.flush()
    }
  }

  async #flush(): Promise<void> {
    while (this.#acked.size + this.#buried.size > 0) {
      const byStream = Map.groupBy(this.#acked.values(), ({ stream }) => stream)
      for (const [stream, entries] of byStream) {
        await this.#group.acknowledge(
          stream,
          entries.map(({ id }) => id),
        )
        for (const entry of entries) this.#acked.delete(handleOf(entry))
      }
      for (const [handle, { entry, deadLetters, reason }] of [...this.#buried]) {
        await this.#group.bury(entry, deadLetters, reason)
        this.#buried.delete(handle)
      }
    }
  }
}
