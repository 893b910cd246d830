import { randomUUID } from 'node:crypto'
import type { RawDelivery } from '@waybill/core/contracts'
import { type Admin, type IHeaders, Kafka, logLevel } from 'kafkajs'
import { eventually } from './eventually.ts'

/** A record as a reader that is not ours finds it. */
export interface ReadRecord extends RawDelivery {
  readonly partition: number
  readonly offset: string
}

export interface TopicTerms {
  readonly partitions?: number
  readonly replicas?: number
  readonly config?: Readonly<Record<string, string>>
}

/** The broker as seen by a client that is set up without us: it makes topics, writes and reads. */
export class TestBroker implements AsyncDisposable {
  readonly address: string
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #readers = new Map<string, TopicReader>()

  static async at(url: string): Promise<TestBroker> {
    const broker = new TestBroker(new URL(url).host)
    await broker.#admin.connect()
    return broker
  }

  private constructor(address: string) {
    this.address = address
    this.#kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 10 } })
    this.#admin = this.#kafka.admin()
  }

  /** Makes empty topics with names of their own. */
  async topics(count: number, settings: TopicTerms = {}): Promise<string[]> {
    const names = Array.from({ length: count }, () => `waybill-${randomUUID()}`)
    const { partitions = 4, replicas = 1, config = {} } = settings
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await this.#admin.createTopics({
      topics: names.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: replicas, configEntries })),
      waitForLeaders: false,
    })
    // Asks the leaders, which may not know yet that they are.
    for (const topic of names) await eventually('leaders', () => this.#admin.fetchTopicOffsets(topic))
    return names
  }

  /** How many replicas are in sync, of each partition. */
  async inSync(topic: string): Promise<readonly number[]> {
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
    return topics.flatMap(({ partitions }) => partitions.map(({ isr }) => isr.length))
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#admin.deleteTopics({ topics: [topic] })
  }

  async createTopic(topic: string): Promise<void> {
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: false })
  }

  async write(topic: string, { body, headers, key }: RawDelivery): Promise<void> {
    const producer = this.#kafka.producer()
    await producer.connect()
    const message = { value: Buffer.from(body), headers: { ...headers }, key: key ?? null }
    await producer.send({ topic, messages: [message] })
    await producer.disconnect()
  }

  /** Everything that a reader of the topic gets, from its beginning. */
  async read(topic: string): Promise<readonly ReadRecord[]> {
    const reader =
      this.#readers.get(topic) ?? (await eventually('a reader', () => TopicReader.open(this.#kafka, topic)))
    this.#readers.set(topic, reader)
    const ends = await eventually('its ends', () => this.#admin.fetchTopicOffsets(topic))
    return await reader.upTo(new Map(ends.map(({ partition, high }) => [partition, BigInt(high)])))
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, string>> {
    const [found] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] })
    return new Map(found?.partitions.map(({ partition, offset }) => [partition, offset]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()))
    await this.#admin.disconnect()
  }
}

class TopicReader {
  readonly #records: ReadRecord[] = []
  readonly #positions = new Map<number, bigint>()
  readonly close: () => Promise<void>
  #arrived: PromiseWithResolvers<void> = Promise.withResolvers()

  static async open(kafka: Kafka, topic: string): Promise<TopicReader> {
    const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 20 })
    const reader = new TopicReader(() => consumer.disconnect())
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ partition, message: { key, value, headers = {}, offset } }) => {
        reader.#records.push({
          partition,
          offset,
          body: value ?? Buffer.alloc(0),
          headers: textOf(headers),
          ...(key === null ? {} : { key: key.toString() }),
        })
        reader.#positions.set(partition, BigInt(offset) + 1n)
        reader.#arrived.resolve()
        reader.#arrived = Promise.withResolvers()
      },
    })
    return reader
  }

  private constructor(close: () => Promise<void>) {
    this.close = close
  }

  async upTo(ends: ReadonlyMap<number, bigint>): Promise<readonly ReadRecord[]> {
    const isBehind = () => [...ends].some(([partition, end]) => (this.#positions.get(partition) ?? 0n) < end)
    while (isBehind()) await this.#arrived.promise
    return [...this.#records]
  }
}

/** kafkajs takes a header with the name of a method of objects for a list. */
function textOf(headers: IHeaders): Record<string, string> {
  const last = (value: IHeaders[string]) => String((Array.isArray(value) ? value.at(-1) : value) ?? '')
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, last(value)]))
}
