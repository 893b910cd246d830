import { type Admin, CompressionTypes, type Producer } from 'kafkajs'
import { KafkaFailure, ofLeader } from '../failure.ts'
import { withinTime } from '../within-time.ts'
import type { BatchOutcome, ProducerLink, RecordBatch, TopicSettings } from './client.ts'
import type { KafkajsHandle } from './kafkajs.ts'
import { failureOf } from './kafkajs-failure.ts'

const closeWithinMs = 1000
const acksFromAll = -1

/**
 * Produces by kafkajs, with what it must not do switched off: it does not retry, choose partitions or make topics.
 *
 * It tells of one failure only for a request, which may hold many partitions, so that after one the batches go out in
 * requests of their own until they succeed: then it is known which partition fails.
 */
export class KafkajsProducer implements ProducerLink {
  readonly #handle: KafkajsHandle
  readonly #compression: CompressionTypes
  readonly #timeoutMs: number
  readonly #producer: Producer
  readonly #admin: Admin
  #connected: Promise<void> | undefined

  constructor(handle: KafkajsHandle, compression: 'none' | 'gzip', timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.#handle = handle
    this.#compression = compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None
    this.#producer = handle.kafka.producer({ allowAutoTopicCreation: false, idempotent: false, retry: { retries: 0 } })
    this.#admin = handle.kafka.admin({ retry: { retries: 0 } })
  }

  async partitionCount(topic: string): Promise<number> {
    await this.#connect()
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
      const count = topics.find(({ name }) => name === topic)?.partitions.length ?? 0
      if (count === 0) throw new KafkaFailure('missing', 'there is no such topic')
      return count
    } catch (error) {
      throw failureOf(error)
    }
  }

  async createTopic(topic: string, { partitions, replicationFactor }: TopicSettings): Promise<void> {
    await this.#connect()
    try {
      const settings = { topic, numPartitions: partitions, replicationFactor }
      await this.#admin.createTopics({ topics: [settings], waitForLeaders: true })
    } catch (error) {
      throw failureOf(error)
    }
  }

  async send(batches: readonly RecordBatch[]): Promise<readonly BatchOutcome[]> {
    try {
      await this.#connect()
    } catch (error) {
      return batches.map(() => failureOf(error))
    }
    try {
      const covered = await this.#sendTogether(batches)
      const missing = new KafkaFailure('unknown', 'the answer does not speak of its partition')
      return batches.map((batch) => (covered.has(nameOf(batch.topic, batch.partition)) ? null : missing))
    } catch (error) {
      const failure = ofLeader(failureOf(error))
      // One answer for several batches: some may have been written, unless a leader could not be asked, which is found before.
      const isOfAll = batches.length === 1 || failure.kind === 'unavailable'
      const outcome = isOfAll ? failure : new KafkaFailure('unknown', failure.message, failure)
      return batches.map(() => outcome)
    }
  }

  async close(): Promise<void> {
    const disconnected = Promise.all([this.#producer.disconnect(), this.#admin.disconnect()])
    await withinTime(disconnected, closeWithinMs).catch(() => undefined)
    this.#handle.destroy()
  }

  /** Answers which partitions the answers speak of: what is not covered has been dropped on the way (kafkajs#1303). */
  async #sendTogether(batches: readonly RecordBatch[]): Promise<ReadonlySet<string>> {
    const topics = Map.groupBy(batches, ({ topic }) => topic)
    const topicMessages = [...topics].map(([topic, ofTopic]) => ({
      topic,
      messages: ofTopic.flatMap(({ records }) => records),
    }))
    const settings = { acks: acksFromAll, timeout: this.#timeoutMs, compression: this.#compression, topicMessages }
    const answers = await this.#producer.sendBatch(settings)
    return new Set(
      answers
        .filter(({ errorCode }) => errorCode === 0)
        .map(({ topicName, partition }) => nameOf(topicName, partition)),
    )
  }

  async #connect(): Promise<void> {
    this.#connected ??= Promise.all([this.#producer.connect(), this.#admin.connect()]).then(
      () => undefined,
      (error: unknown) => {
        const failure = failureOf(error)
        // Nothing can have been sent yet, whatever went wrong.
        throw new KafkaFailure('unreachable', failure.message, failure)
      },
    )
    await this.#connected
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
