import { randomUUID } from 'node:crypto'
import { onServer, startKafka } from '@waybill/conformance/containers'
import { afterAll, describe, expect, it } from 'vitest'
import { kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'
import { patienceMs, publishDuring, publishUntilAccepted, round } from './rounds.ts'
import { clients } from './setup.ts'

const server = await startKafka()

afterAll(async () => {
  if (server.available) await server.stop()
})

onServer(server, { it }, (kafka) => {
  describe.for(clients)('a broker in trouble, by %s', { timeout: 2 * patienceMs }, (client) => {
    async function setup() {
      const broker = await TestBroker.at(kafka.url)
      const [topic = ''] = await broker.topics(1)
      await broker[Symbol.asyncDispose]()
      const publisher = kafkaPublisher({ brokers: [new URL(kafka.url).host], client })
      return { topic, publisher }
    }

    async function during(disturb: () => Promise<void>) {
      const { topic, publisher } = await setup()
      await publisher.close()
      await publishDuring({ url: kafka.url, topic, client }, disturb)
    }

    it('that is killed has what it accepted, in order', () =>
      during(async () => {
        await kafka.kill()
        await kafka.restart()
      }))

    it('that is restarted has what it accepted, in order', () => during(() => kafka.restart()))

    it('that stands still for a while has what it accepted, in order', async () => {
      await during(async () => {
        await kafka.pause()
        try {
          const publisher = kafkaPublisher({ brokers: [new URL(kafka.url).host], client })
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
