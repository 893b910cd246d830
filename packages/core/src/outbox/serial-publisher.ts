import { KeyQueue } from '../consumer/key-queue.ts'
import type { Message, PublishOutcome } from '../contracts/index.ts'
import { type PublishCallOptions, publishCall } from '../relay/publish-call.ts'

/** Publishes without a relay: one call at a time, of as many messages as the publisher takes. Tries nothing twice. */
export class SerialPublisher {
  readonly #options: PublishCallOptions
  readonly #batchSize: number
  readonly #calls = new KeyQueue()

  constructor(options: PublishCallOptions) {
    this.#options = options
    const { atomicPerKey, maxBatchMessages } = options.publisher.capabilities
    // Without atomicPerKey a call must not hold two messages of a key.
    this.#batchSize = atomicPerKey ? maxBatchMessages : 1
  }

  /** Answers one outcome per message, aligned by index. */
  async publish(messages: readonly Message[]): Promise<readonly PublishOutcome[]> {
    return await this.#calls.run('publish', async () => {
      const outcomes: PublishOutcome[] = []
      while (outcomes.length < messages.length) {
        const batch = messages.slice(outcomes.length, outcomes.length + this.#batchSize)
        outcomes.push(...(await publishCall(batch, this.#options)))
      }
      return outcomes
    })
  }
}
