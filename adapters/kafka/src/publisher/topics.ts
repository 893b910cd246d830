import type { ProducerLink, TopicSettings } from '../client/client.ts'
import { KafkaFailure } from '../failure.ts'

/** How many partitions topics have, asked once in a while: all messages of a key go where that number sends them. */
export class Topics {
  readonly #known = new Map<string, { readonly partitions: number; readonly askedAt: number }>()
  readonly #maxAgeMs: number
  readonly #create: TopicSettings | undefined

  /** @param create - Settings for topics that are missing; without them none is made. */
  constructor(maxAgeMs: number, create?: TopicSettings) {
    this.#maxAgeMs = maxAgeMs
    this.#create = create
  }

  /** The number of partitions of each topic, or why it is not known. Side by side: one topic keeps back no other. */
  async partitions(link: ProducerLink, topics: readonly string[]): Promise<ReadonlyMap<string, number | KafkaFailure>> {
    return new Map(
      await Promise.all(topics.map(async (topic) => [topic, await this.#partitionsOf(link, topic)] as const)),
    )
  }

  forget(topic: string): void {
    this.#known.delete(topic)
  }

  async #partitionsOf(link: ProducerLink, topic: string): Promise<number | KafkaFailure> {
    const known = this.#known.get(topic)
    if (known !== undefined && performance.now() - known.askedAt < this.#maxAgeMs) return known.partitions
    try {
      const partitions = await this.#ask(link, topic)
      this.#known.set(topic, { partitions, askedAt: performance.now() })
      return partitions
    } catch (error) {
      if (!(error instanceof KafkaFailure)) throw error
      // Only a question was asked: nothing has been written.
      return error.kind === 'unknown' ? new KafkaFailure('unreachable', error.message, error) : error
    }
  }

  async #ask(link: ProducerLink, topic: string): Promise<number> {
    try {
      return await link.partitionCount(topic)
    } catch (error) {
      const isMissing = error instanceof KafkaFailure && error.kind === 'missing'
      if (!isMissing || this.#create === undefined) throw error
    }
    await link.createTopic(topic, this.#create)
    return await link.partitionCount(topic)
  }
}
