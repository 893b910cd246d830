import { onServer, sharedKafka } from '@waybill/conformance/containers'
import type { Message } from '@waybill/core/contracts'
import { Kafka as KafkaBinding, type KafkaMessage } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { toHeaders, toMessage } from '../src/mapping.ts'
import { TestBroker } from './broker.ts'
import { clients } from './setup.ts'

const order: Message = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  topic: 'orders',
  type: 'order.placed',
  payload: Buffer.from('{"total":5}'),
  contentType: 'application/json',
  headers: { tenant: 'north', ce_id: 'not the id', 'content-type': 'not the type' },
  orderingKey: 'order:1',
  aggregateType: 'order',
  aggregateId: '1',
  sequence: 7,
  schemaVersion: 2,
  correlationId: 'c-1',
  causationId: 'c-0',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=a',
  createdAt: 1_700_000_000_001,
}
const format = { cloudEvents: { source: '/shop' } }

it('reads back what it writes, in both formats', () => {
  for (const each of ['waybill', format] as const) {
    const raw = { body: order.payload, headers: toHeaders(order, each), key: 'order:1' }
    expect(toMessage('orders', raw)).toEqual(order)
  }
})

it('reads events that others have made', () => {
  const headers = {
    ce_specversion: '1.0',
    ce_id: 'e-1',
    ce_source: '/other',
    ce_type: 'their.type',
    ce_sequence: 'later',
  }
  expect(toMessage('theirs', { body: new Uint8Array(), headers })).toMatchObject({
    id: 'e-1',
    type: 'their.type',
    topic: 'theirs',
    schemaVersion: 1,
    createdAt: 0,
  })
})

onServer(await sharedKafka(), { it }, ({ url }) => {
  describe.for(clients)('CloudEvents in binary mode by %s', (client) => {
    it('are events to the SDK of CloudEvents', async () => {
      const broker = await TestBroker.at(url)
      const [topic = ''] = await broker.topics(1)
      const publisher = kafkaPublisher({ brokers: [broker.address], client, format })
      await publisher.publish([{ ...order, topic }], { signal: new AbortController().signal, timeoutMs: 5000 })
      await publisher.close()
      const [record] = await broker.read(topic)
      await broker[Symbol.asyncDispose]()
      const { headers = {}, key = '', body = new Uint8Array() } = record ?? {}
      const value = JSON.parse(Buffer.from(body).toString())
      const message: KafkaMessage<unknown> = { headers, key, value, body: value, timestamp: '0' }
      const event = KafkaBinding.toEvent(message)
      expect(event).toMatchObject({
        specversion: '1.0',
        id: order.id,
        type: 'order.placed',
        source: '/shop',
        subject: '1',
        datacontenttype: 'application/json',
        time: '2023-11-14T22:13:20.001Z',
        partitionkey: 'order:1',
        traceparent: order.traceparent,
        correlationid: 'c-1',
        data: { total: 5 },
      })
    })

    it('of others are messages to a consumer', async () => {
      const broker = await TestBroker.at(url)
      const [topic = ''] = await broker.topics(1)
      const consumer = kafkaConsumer({ brokers: [broker.address], client })
      const delivered = Promise.withResolvers<Message | undefined>()
      await consumer.consume({ group: topic, topics: [topic], maxInFlight: 1 }, async ({ message }) => {
        delivered.resolve(message)
        return { type: 'ack' }
      })
      const headers = { ce_specversion: '1.0', ce_id: 'e-1', ce_source: '/other', ce_type: 'their.type' }
      await broker.write(topic, { body: Buffer.from('x'), headers, key: 'k' })
      expect(await delivered.promise).toMatchObject({ id: 'e-1', type: 'their.type', orderingKey: 'k' })
      await consumer.close()
      await broker[Symbol.asyncDispose]()
    })
  })
})
