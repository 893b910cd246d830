import { randomBytes, randomUUID } from 'node:crypto'
import { onServer, sharedKafka } from '@waybill/conformance/containers'
import type { Message, PublishOutcome } from '@waybill/core/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import { type KafkaPublisherOptions, kafkaPublisher } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'
import { KafkaProxy } from './proxy.ts'
import { clients } from './setup.ts'

const closing: AsyncDisposable[] = []
const produce = 0

afterEach(async () => {
  for (const each of closing.splice(0)) await each[Symbol.asyncDispose]()
})

function message(topic: string, fields: Partial<Message> = {}): Message {
  const id = randomUUID()
  const payload = Buffer.from(id)
  return {
    id,
    topic,
    type: 'test',
    payload,
    contentType: 'text/plain',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
    ...fields,
  }
}

const typesOf = (outcomes: readonly PublishOutcome[]) => outcomes.map(({ type }) => type)

onServer(await sharedKafka(), { it }, ({ url }) => {
  describe.for(clients)('outcomes by %s', { timeout: 60_000 }, (client) => {
    async function setup(options: Partial<KafkaPublisherOptions> = {}) {
      const broker = await TestBroker.at(url)
      const publisher = kafkaPublisher({ brokers: [broker.address], client, ...options })
      closing.push({ [Symbol.asyncDispose]: () => publisher.close() }, broker)
      const publish = (messages: readonly Message[], timeoutMs = 10_000) =>
        publisher.publish(messages, { signal: new AbortController().signal, timeoutMs })
      return { broker, publish }
    }

    it('names a missing topic, and takes its messages once it is there', async () => {
      const { broker, publish } = await setup()
      const topic = `late-${randomUUID()}`
      const [outcome] = await publish([message(topic)])
      expect(outcome).toMatchObject({ type: 'unavailable', scope: 'topic', error: { code: 'BROKER_UNAVAILABLE' } })
      expect(outcome?.type === 'unavailable' && outcome.error.message).toContain(`'${topic}'`)
      await broker.createTopic(topic)
      await eventually(
        'its message',
        async () => (await publish([message(topic)]))[0]?.type === 'accepted' || undefined,
      )
    })

    it('takes the largest message that an outbox takes by default', async () => {
      const { broker, publish } = await setup()
      const [topic = ''] = await broker.topics(1)
      const named = { orderingKey: 'k'.repeat(500), type: 't'.repeat(200), correlationId: 'c'.repeat(200) }
      const outcomes = await publish([message(topic, { ...named, payload: randomBytes(900_000) })])
      expect(outcomes).toMatchObject([{ type: 'accepted' }])
    })

    it('lets other topics go on when one is deleted', async () => {
      const { broker, publish } = await setup()
      const [gone = '', kept = ''] = await broker.topics(2)
      expect(typesOf(await publish([message(gone), message(kept)]))).toEqual(['accepted', 'accepted'])
      await broker.deleteTopic(gone)
      const outcomes = await eventually('the deletion to be seen', async () => {
        const answer = await publish([message(gone), message(kept)])
        return answer[0]?.type === 'unavailable' && answer[1]?.type === 'accepted' ? answer : undefined
      })
      expect(outcomes[0]).toMatchObject({ type: 'unavailable', scope: 'topic' })
    })

    it('makes missing topics when it is told to', async () => {
      const { broker, publish } = await setup({ topology: 'create', topicSettings: { partitions: 3 } })
      const topic = `made-${randomUUID()}`
      const key = { orderingKey: 'k' }
      await eventually(
        'its message',
        async () => (await publish([message(topic, key)]))[0]?.type === 'accepted' || undefined,
      )
      expect((await broker.read(topic)).length).toBeGreaterThan(0)
    })

    it('finds what is too large for a topic, and nothing else, to be so for good', async () => {
      const { broker, publish } = await setup()
      const [topic = ''] = await broker.topics(1, { partitions: 1, config: { 'max.message.bytes': '2000' } })
      const large = message(topic, { payload: Buffer.alloc(5000) })
      const batch = [message(topic), message(topic), large, message(topic)]
      // Of a request with one partition the failure is its own.
      const outcomes = await publish(batch)
      expect(typesOf(outcomes)).toEqual(['accepted', 'accepted', 'rejected', 'accepted'])
      expect(outcomes[2]).toMatchObject({ retryable: false, error: { code: 'PAYLOAD_TOO_LARGE' } })
    })

    it('divides what is larger than a record batch may be', async () => {
      const { broker, publish } = await setup()
      const [topic = ''] = await broker.topics(1, { partitions: 1 })
      const messages = Array.from({ length: 8 }, () =>
        message(topic, { payload: Buffer.alloc(400_000), orderingKey: 'k' }),
      )
      expect(typesOf(await publish(messages))).toEqual(messages.map(() => 'accepted'))
      expect((await broker.read(topic)).map(({ headers }) => headers['waybill-id'])).toEqual(
        messages.map(({ id }) => id),
      )
    })

    it('publishes compressed batches', async () => {
      const { broker, publish } = await setup({ compression: 'gzip' })
      const [topic = ''] = await broker.topics(1)
      const messages = Array.from({ length: 50 }, () => message(topic))
      expect(typesOf(await publish(messages))).toEqual(messages.map(() => 'accepted'))
      expect(await broker.read(topic)).toHaveLength(50)
    })

    it('answers unknown when the connection is cut between the writing and the answer', async () => {
      const proxy = await KafkaProxy.before(new URL(url))
      closing.push(proxy)
      const { broker, publish } = await setup({ brokers: [proxy.address] })
      const [topic = ''] = await broker.topics(1)
      const first = message(topic)
      proxy.onRequest = (apiKey) => (apiKey === produce ? 'lose-reply' : 'pass')
      expect(typesOf(await publish([first]))).toEqual(['unknown'])
      await eventually('the message in the topic', async () => (await broker.read(topic)).length > 0 || undefined)
      proxy.onRequest = () => 'pass'
      expect(typesOf(await publish([message(topic)]))).toEqual(['accepted'])
      expect(await broker.read(topic)).toHaveLength(2)
    })

    it('answers unknown in time when nothing answers, and goes on with new connections', async () => {
      const proxy = await KafkaProxy.before(new URL(url))
      closing.push(proxy)
      const { broker, publish } = await setup({ brokers: [proxy.address] })
      const [topic = ''] = await broker.topics(1)
      expect(typesOf(await publish([message(topic)]))).toEqual(['accepted'])
      proxy.onRequest = (apiKey) => (apiKey === produce ? 'swallow' : 'pass')
      const begin = performance.now()
      expect(typesOf(await publish([message(topic)], 500))).toEqual(['unknown'])
      expect(performance.now() - begin).toBeLessThan(3000)
      proxy.onRequest = () => 'pass'
      expect(typesOf(await publish([message(topic)]))).toEqual(['accepted'])
    })
  })
})
