import type { ClaimedMessage, RelaySession, RelaySource } from '@waybill/core/contracts'
import { laneCount } from '@waybill/core/lanes'
import type { SourceLoopOptions } from './source-loop.ts'

/** Calls a storage as a relay does: a batch is claimed while the one before it is settled. */
export class PipelinedLoop {
  readonly #source: RelaySource
  readonly #session: RelaySession
  readonly #batchSize: number

  private constructor(source: RelaySource, session: RelaySession, { batchSize }: SourceLoopOptions) {
    this.#source = source
    this.#session = session
    this.#batchSize = batchSize
  }

  /** Joins and works until it owns every lane, as a relay does that is alone. */
  static async start(source: RelaySource, options: SourceLoopOptions): Promise<PipelinedLoop> {
    const session = await source.join({ label: 'benchmark', leaseMs: 60_000 })
    const loop = new PipelinedLoop(source, session, options)
    do await loop.#settle(await loop.#marked(await loop.#claim()))
    while ((session.lanes?.size ?? laneCount) < laneCount)
    return loop
  }

  /** Works until nothing is left. Answers how many messages there were. */
  async drain(): Promise<number> {
    let sum = 0
    let settling: Promise<unknown> = Promise.resolve()
    let next = this.#claim()
    for (;;) {
      const messages = await next
      if (messages.length === 0) break
      next = this.#claim()
      await this.#marked(messages)
      await settling
      settling = this.#settle(messages)
      sum += messages.length
    }
    await settling
    return sum
  }

  async #claim(): Promise<readonly ClaimedMessage[]> {
    const request = { limit: this.#batchSize, maxBytes: 2 ** 22, skipTopics: [], probeTopics: [] }
    return (await this.#source.claim(this.#session, request)).messages
  }

  async #marked(messages: readonly ClaimedMessage[]): Promise<readonly ClaimedMessage[]> {
    if (messages.length > 0)
      await this.#source.markPublishing(
        this.#session,
        messages.map((claimed) => claimed.token),
      )
    return messages
  }

  async #settle(messages: readonly ClaimedMessage[]): Promise<void> {
    await this.#source.settle(
      this.#session,
      messages.map(({ token }) => ({ type: 'published' as const, token })),
    )
  }
}
