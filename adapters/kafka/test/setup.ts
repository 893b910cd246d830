import { randomUUID } from 'node:crypto'
import type { ConsumerHarness, PublisherHarness } from '@waybill/conformance'
import type { BrokerConsumer } from '@waybill/core/contracts'
import { type KafkaClientName, type KafkaConsumerOptions, kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { toMessage } from '../src/mapping.ts'
import { TestBroker } from './broker.ts'
import { KafkaProxy } from './proxy.ts'

/** Both clients, by the same tests. */
export const clients: readonly KafkaClientName[] = ['kafkajs', '@platformatic/kafka']

/** A killed member is missed soon. */
const consumerSettings = { sessionTimeoutMs: 1500, commitIntervalMs: 20 } satisfies Partial<KafkaConsumerOptions>

export async function publisherHarness(url: string, client: KafkaClientName): Promise<PublisherHarness> {
  const broker = await TestBroker.at(url)
  const proxy = await KafkaProxy.before(new URL(url))
  const [one = '', two = ''] = await broker.topics(2)
  const publisher = kafkaPublisher({ brokers: [proxy.address], client })
  return {
    publisher,
    topics: [one, two],
    missingTopic: `missing-${randomUUID()}`,
    read: async (topic) => (await broker.read(topic)).flatMap((record) => toMessage(topic, record) ?? []),
    disrupt: {
      async cut() {
        proxy.cut()
      },
      async restore() {
        proxy.restore()
      },
    },
    async close() {
      await publisher.close()
      await proxy[Symbol.asyncDispose]()
      await broker[Symbol.asyncDispose]()
    },
  }
}

export async function consumerHarness(url: string, client: KafkaClientName): Promise<ConsumerHarness> {
  const broker = await TestBroker.at(url)
  const proxy = await KafkaProxy.before(new URL(url))
  const [one = '', two = ''] = await broker.topics(2)
  const publisher = kafkaPublisher({ brokers: [broker.address], client })
  const opened: BrokerConsumer[] = []
  const open = (address: string) => {
    const consumer = kafkaConsumer({ brokers: [address], client, ...consumerSettings })
    opened.push(consumer)
    return consumer
  }
  return {
    consumer: open(proxy.address),
    topics: [one, two],
    groups: [`billing-${randomUUID()}`, `mailer-${randomUUID()}`],
    async publish(messages) {
      const signal = AbortSignal.timeout(10_000)
      const outcomes = await publisher.publish(messages, { signal, timeoutMs: 10_000 })
      const failed = outcomes.find(({ type }) => type !== 'accepted')
      if (failed !== undefined) throw new Error(`not accepted: ${failed.type}`, { cause: failed })
    },
    another: async () => open(broker.address),
    crash: async () => proxy.cut(),
    publishForeign: (topic, raw) => broker.write(topic, raw),
    async close() {
      await Promise.all(opened.map((consumer) => consumer.close()))
      await publisher.close()
      await proxy[Symbol.asyncDispose]()
      await broker[Symbol.asyncDispose]()
    },
  }
}
