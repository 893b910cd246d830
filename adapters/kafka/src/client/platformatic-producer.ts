import {
  Admin,
  type BaseOptions,
  type MessageToProduce,
  ProduceAcks,
  type ProduceResult,
  Producer,
  type ProducerOptions,
} from '@platformatic/kafka'
import { KafkaFailure, kindOfCode, ofLeader } from '../failure.ts'
import type { BatchOutcome, OutgoingRecord, ProducerLink, RecordBatch, TopicSettings } from './client.ts'
import { closeFor } from './platformatic-close.ts'
import { failureOf, leavesOf } from './platformatic-failure.ts'

/** How many header names are kept as bytes. */
const mostNames = 1000

type ClientProducer = Producer<Buffer, Buffer, Buffer, Buffer>
type Answers = Map<string, BatchOutcome>

/** Produces by `@platformatic/kafka`, which tells of each partition what became of it, also when others failed. */
export class PlatformaticProducer implements ProducerLink {
  readonly #options: BaseOptions
  readonly #producer: ClientProducer

  constructor(options: BaseOptions, compression: 'none' | 'gzip') {
    this.#options = { ...options, retries: 0 }
    const settings: ProducerOptions<Buffer, Buffer, Buffer, Buffer> = {
      ...this.#options,
      idempotent: false,
      compression,
      // A second request with other leaders is a retry, too.
      repeatOnStaleMetadata: false,
    }
    this.#producer = new Producer(settings)
  }

  async partitionCount(topic: string): Promise<number> {
    try {
      const metadata = await this.#producer.metadata({ topics: [topic], forceUpdate: true, autocreateTopics: false })
      const count = metadata.topics.get(topic)?.partitionsCount ?? 0
      if (count === 0) throw new KafkaFailure('missing', 'there is no such topic')
      return count
    } catch (error) {
      throw failureOf(error)
    }
  }

  async createTopic(topic: string, { partitions, replicationFactor }: TopicSettings): Promise<void> {
    const admin = new Admin(this.#options)
    try {
      await admin.createTopics({ topics: [topic], partitions, replicas: replicationFactor })
    } catch (error) {
      if (!leavesOf(error).some((leaf) => Object(leaf).apiId === 'TOPIC_ALREADY_EXISTS')) throw failureOf(error)
    } finally {
      await closeFor(() => admin.close(), [admin])
    }
  }

  async send(batches: readonly RecordBatch[]): Promise<readonly BatchOutcome[]> {
    const messages = batches.flatMap(({ records }) => records.map(toMessage))
    const answers: Answers = new Map()
    let rest: BatchOutcome = new KafkaFailure('unknown', 'the answer does not speak of its partition')
    try {
      // Asked for with each call: of the client's own options it does not take it, and the default is the leader alone.
      collect(answers, await this.#producer.send({ messages, acks: ProduceAcks.ALL }))
    } catch (error) {
      collect(answers, Object(error).produced)
      const others = collectErrors(answers, error)
      if (others.length > 0) rest = failureOf(others.length === 1 ? others[0] : new AggregateError(others))
      if (rest !== null && this.#producer.currentMetadata !== undefined) rest = ofLeader(rest)
    }
    return batches.map(({ topic, partition }) => {
      const answer = answers.get(nameOf(topic, partition))
      return answer === undefined ? rest : answer
    })
  }

  async close(): Promise<void> {
    await closeFor(() => this.#producer.close(true), [this.#producer])
  }
}

const names = new Map<string, Buffer>()

/** The client's own conversion of headers goes over them twice. Their names are few. */
function toMessage({
  topic,
  partition,
  key,
  value,
  headers,
}: OutgoingRecord): MessageToProduce<Buffer, Buffer, Buffer, Buffer> {
  const bytes = new Map<Buffer, Buffer>()
  for (const name in headers) bytes.set(nameBytes(name), Buffer.from(headers[name] ?? ''))
  return { topic, partition, value, headers: bytes, ...(key === null ? {} : { key }) }
}

function nameBytes(name: string): Buffer {
  const known = names.get(name)
  if (known !== undefined) return known
  const bytes = Buffer.from(name)
  if (names.size < mostNames) names.set(name, bytes)
  return bytes
}

/** Partitions that have an offset are written. */
function collect(answers: Answers, produced: ProduceResult | undefined): void {
  for (const { topic, partition } of produced?.offsets ?? []) answers.set(nameOf(topic, partition), null)
}

/** Reads what brokers have answered for each partition; answers the errors that are no such answers. */
function collectErrors(answers: Answers, error: unknown): readonly unknown[] {
  if (isProduceAnswer(error)) {
    for (const { name, partitionResponses } of error.response.responses) {
      for (const { index, errorCode, errorMessage } of partitionResponses) {
        const text = errorMessage ?? `error ${errorCode} of the protocol`
        answers.set(nameOf(name, index), errorCode === 0 ? null : new KafkaFailure(kindOfCode(errorCode), text, error))
      }
    }
    return []
  }
  if (error instanceof AggregateError) return error.errors.flatMap((each) => collectErrors(answers, each))
  return [error]
}

interface ProduceAnswer {
  readonly response: {
    readonly responses: readonly {
      readonly name: string
      readonly partitionResponses: readonly {
        readonly index: number
        readonly errorCode: number
        readonly errorMessage: string | null
      }[]
    }[]
  }
}

function isProduceAnswer(error: unknown): error is ProduceAnswer {
  return Array.isArray(Object(Object(error).response).responses)
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
