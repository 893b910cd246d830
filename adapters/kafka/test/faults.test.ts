import { randomUUID } from 'node:crypto'
import { onServer, startKafka } from '@waybill/conformance/containers'
import type { BrokerPublisher, Message } from '@waybill/core/contracts'
import { afterAll, describe, expect, it } from 'vitest'
import { kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'
import { clients } from './setup.ts'

const patienceMs = 60_000
const server = await startKafka()

afterAll(async () => {
  if (server.available) await server.stop()
})

const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`)

/** The `nth` message of each key. */
function round(topic: string, nth: number): readonly Message[] {
  return keys.map((orderingKey) => ({
    id: `${orderingKey}/${nth}/${randomUUID()}`,
    topic,
    type: 'test',
    payload: new Uint8Array(),
    contentType: 'text/plain',
    headers: {},
    orderingKey,
    sequence: nth,
    schemaVersion: 1,
    createdAt: 0,
  }))
}

/** Publishes as a relay does: what was not accepted goes out again before anything newer of its key. */
async function publishUntilAccepted(publisher: BrokerPublisher, messages: readonly Message[]): Promise<void> {
  let open = messages
  await eventually(
    'all to be accepted',
    async () => {
      const outcomes = await publisher.publish(open, { signal: new AbortController().signal, timeoutMs: 2000 })
      open = open.filter((_, index) => outcomes[index]?.type !== 'accepted')
      return open.length === 0 || undefined
    },
    patienceMs,
  )
}

onServer(server, { it }, (kafka) => {
  describe.for(clients)('a broker in trouble, by %s', { timeout: 2 * patienceMs }, (client) => {
    async function setup() {
      const broker = await TestBroker.at(kafka.url)
      const [topic = ''] = await broker.topics(1)
      await broker[Symbol.asyncDispose]()
      const publisher = kafkaPublisher({ brokers: [new URL(kafka.url).host], client })
      return { topic, publisher }
    }

    /** Disturbs the broker between two rounds of an endless row of them. */
    async function publishDuring(disturb: () => Promise<void>) {
      const { topic, publisher } = await setup()
      const published: Message[] = []
      let over = false
      const publishing = (async () => {
        for (let nth = 0; !over; nth += 1) {
          const messages = round(topic, nth)
          await publishUntilAccepted(publisher, messages)
          published.push(...messages)
        }
      })()
      await eventually('the first rounds', async () => published.length >= 5 * keys.length || undefined, patienceMs)
      await disturb()
      const soFar = published.length
      await eventually(
        'rounds afterwards',
        async () => published.length >= soFar + 5 * keys.length || undefined,
        patienceMs,
      )
      over = true
      await publishing
      await publisher.close()
      await expectAllInOrder(topic, published)
    }

    async function expectAllInOrder(topic: string, published: readonly Message[]): Promise<void> {
      const broker = await TestBroker.at(kafka.url)
      const records = await broker.read(topic)
      await broker[Symbol.asyncDispose]()
      const ids = new Set(records.map(({ headers }) => headers['waybill-id']))
      expect(published.filter(({ id }) => !ids.has(id))).toEqual([])
      for (const key of keys) {
        const sequence = records
          .filter((record) => record.key === key)
          .map(({ headers }) => Number(headers['waybill-sequence']))
        const first = [...new Set(sequence)]
        expect(first).toEqual(first.toSorted((left, right) => left - right))
      }
    }

    it('that is killed has what it accepted, in order', () =>
      publishDuring(async () => {
        await kafka.kill()
        await kafka.restart()
      }))

    it('that is restarted has what it accepted, in order', () => publishDuring(() => kafka.restart()))

    it('that stands still for a while has what it accepted, in order', async () => {
      await publishDuring(async () => {
        await kafka.pause()
        try {
          const { publisher } = { publisher: kafkaPublisher({ brokers: [new URL(kafka.url).host], client }) }
          const call = publisher.publish(round('any', 0), { signal: new AbortController().signal, timeoutMs: 1000 })
          for (const { type } of await call) expect(['unavailable', 'unknown']).toContain(type)
          await publisher.close()
        } finally {
          await kafka.unpause()
        }
      })
    })

    it('that is killed takes its consumers back, and loses nothing of theirs', async () => {
      const { topic, publisher } = await setup()
      const consumer = kafkaConsumer({ brokers: [new URL(kafka.url).host], client, sessionTimeoutMs: 3000 })
      const seen = new Set<string>()
      await consumer.consume({ group: randomUUID(), topics: [topic], maxInFlight: 5 }, async ({ message }) => {
        if (message !== undefined) seen.add(message.id)
        return { type: 'ack' }
      })
      const before = round(topic, 0)
      await publishUntilAccepted(publisher, before)
      await eventually(
        'the first messages',
        async () => before.every(({ id }) => seen.has(id)) || undefined,
        patienceMs,
      )
      await kafka.kill()
      await kafka.restart()
      const after = round(topic, 1)
      await publishUntilAccepted(publisher, after)
      await eventually(
        'the messages afterwards',
        async () => after.every(({ id }) => seen.has(id)) || undefined,
        patienceMs,
      )
      await consumer.close()
      await publisher.close()
    })
  })
})
