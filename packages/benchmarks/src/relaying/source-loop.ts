import type { BrokerPublisher, ClaimedMessage, RelaySession, RelaySource } from '@waybill/core/contracts'
import { laneCount } from '@waybill/core/lanes'

/** Claims, publishes and settles by calling a storage directly, one call after the other. */
export class SourceLoop {
  readonly #source: RelaySource
  readonly #session: RelaySession
  readonly #batchSize: number
  readonly #publisher: BrokerPublisher | null
  /** Milliseconds that claims have taken. */
  claimMs = 0
  claims = 0
  /** Messages that have been settled. */
  messages = 0

  private constructor(source: RelaySource, session: RelaySession, options: SourceLoopOptions) {
    this.#source = source
    this.#session = session
    this.#batchSize = options.batchSize
    this.#publisher = options.publisher ?? null
  }

  /** Joins and works until it owns every lane, as a relay does that is alone. */
  static async start(source: RelaySource, options: SourceLoopOptions): Promise<SourceLoop> {
    const session = await source.join({ label: 'benchmark', leaseMs: 60_000 })
    const loop = new SourceLoop(source, session, options)
    do await loop.next()
    while ((session.lanes?.size ?? laneCount) < laneCount)
    loop.claimMs = 0
    loop.claims = 0
    return loop
  }

  /** One batch. Answers how many messages it had. */
  async next(): Promise<number> {
    const { messages } = await this.#claim()
    if (messages.length === 0) return 0
    await this.#source.markPublishing(
      this.#session,
      messages.map((claimed) => claimed.token),
    )
    await this.#publish(messages)
    await this.#source.settle(
      this.#session,
      messages.map(({ token }) => ({ type: 'published' as const, token })),
    )
    this.messages += messages.length
    return messages.length
  }

  /** Works until nothing is left. Answers how many messages there were. */
  async drain(): Promise<number> {
    let sum = 0
    for (let count = await this.next(); count > 0; count = await this.next()) sum += count
    return sum
  }

  async end(): Promise<void> {
    await this.#source.leave(this.#session)
  }

  async #claim(): Promise<{ readonly messages: readonly ClaimedMessage[] }> {
    const startedAt = performance.now()
    const request = { limit: this.#batchSize, maxBytes: 2 ** 22, skipTopics: [], probeTopics: [] }
    const result = await this.#source.claim(this.#session, request)
    this.claimMs += performance.now() - startedAt
    this.claims++
    return result
  }

  async #publish(messages: readonly ClaimedMessage[]): Promise<void> {
    const options = { signal: new AbortController().signal, timeoutMs: 10_000 }
    await this.#publisher?.publish(
      messages.map(({ message }) => message),
      options,
    )
  }
}

export interface SourceLoopOptions {
  readonly batchSize: number
  /** @default none: messages count as published as soon as they are marked */
  readonly publisher?: BrokerPublisher
}
