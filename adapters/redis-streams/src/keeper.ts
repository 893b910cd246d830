import type { Acknowledgements } from './acknowledgements.ts'
import { plainError } from './errors.ts'
import type { ConsumerGroup, SourceStream } from './group.ts'
import type { Hand } from './hand.ts'

export interface KeeperTerms {
  readonly group: ConsumerGroup
  readonly sources: readonly SourceStream[]
  readonly hand: Hand
  readonly acknowledgements: Acknowledgements
  readonly abandonedAfterMs: number
  /** Whether more may be taken. */
  readonly wantsMore: () => boolean
  readonly onClaimed: () => void
  readonly onError: (error: Error) => void
}

/**
 * Says, three times per `abandonedAfterMs`, that this consumer still works on what it has in hand; tells again what Redis
 * could not be told; takes over what others have abandoned.
 */
export class Keeper {
  readonly #terms: KeeperTerms
  #aliveAt: number = performance.now()
  #timer: NodeJS.Timeout | undefined
  #isBusy = false

  constructor(terms: KeeperTerms) {
    this.#terms = terms
  }

  start(): void {
    this.#aliveAt = performance.now()
    this.#timer = setInterval(() => void this.#tick(), this.#terms.abandonedAfterMs / 3)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async claim(): Promise<void> {
    const { group, sources, hand, abandonedAfterMs } = this.#terms
    for (const source of sources) {
      if (hand.room > 0) hand.add(await group.claim(source, abandonedAfterMs, hand.room))
    }
  }

  async #tick(): Promise<void> {
    const { hand, abandonedAfterMs, onError } = this.#terms
    if (!this.#isBusy) {
      this.#isBusy = true
      await this.#work().catch((error: unknown) => onError(plainError(error)))
      this.#isBusy = false
    }
    // By now another may have all of it.
    if (performance.now() - this.#aliveAt > abandonedAfterMs) hand.lose(hand.all)
  }

  async #work(): Promise<void> {
    const { acknowledgements, wantsMore, onClaimed } = this.#terms
    const startedAt = performance.now()
    await this.#keep()
    this.#aliveAt = startedAt
    await acknowledgements.flush()
    if (!wantsMore()) return
    await this.claim()
    onClaimed()
  }

  async #keep(): Promise<void> {
    const { group, hand, acknowledgements } = this.#terms
    const byStream = Map.groupBy([...hand.all, ...acknowledgements.entries], ({ stream }) => stream)
    for (const [stream, entries] of byStream) {
      const ids = entries.map(({ id }) => id)
      const lost = new Set(await group.keep(stream, ids))
      hand.lose(entries.filter(({ id }) => lost.has(id)))
    }
  }
}
