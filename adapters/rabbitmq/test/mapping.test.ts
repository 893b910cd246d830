import type { MessageProperties } from 'amqplib'
import { CloudEvent } from 'cloudevents'
import { expect, it } from 'vitest'
import { rawOf, toMessage, toProperties } from '../src/mapping.ts'
import { message } from './publish.ts'

const full = message('orders', {
  headers: { 'x-tenant': 'a b', 'content-type': 'mine', traceparent: 'mine too', 'waybill-id': 'mine as well' },
  orderingKey: 'order:1',
  aggregateType: 'order',
  aggregateId: '1',
  sequence: 7,
  schemaVersion: 3,
  correlationId: 'c',
  causationId: 'd',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=a',
})
const long = { ...full, id: 'ü'.repeat(200), type: 't'.repeat(255), correlationId: 'ü'.repeat(255) }
const cloudEvents = { cloudEvents: { source: '/shop' } }
const received = (properties: ReturnType<typeof toProperties>) => ({ ...properties }) as unknown as MessageProperties

it.each([
  ['waybill' as const, full],
  ['waybill' as const, long],
  [cloudEvents, full],
  [cloudEvents, long],
])('carries every field there and back as %o', (format, sent) => {
  const raw = rawOf(Buffer.from(sent.payload), received(toProperties(sent, format)))
  expect(raw.key).toBe('order:1')
  expect(toMessage('orders', raw)).toEqual({ ...sent, payload: Buffer.from(sent.payload) })
})

it('has properties that tools know', () => {
  expect(toProperties(full, 'waybill')).toMatchObject({
    messageId: full.id,
    type: 'order.placed',
    contentType: 'application/json',
    correlationId: 'c',
    timestamp: 1_700_000_000,
    persistent: true,
    mandatory: true,
  })
})

it('is a CloudEvent to the SDK of CloudEvents, by the names of the AMQP binding', () => {
  const { headers, contentType } = toProperties(full, cloudEvents)
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('cloudEvents:') ? [[name.slice('cloudEvents:'.length), value]] : [],
  )
  const event = new CloudEvent({ ...Object.fromEntries(attributes), datacontenttype: contentType, data: {} })
  expect(event.validate()).toBe(true)
  expect(event).toMatchObject({
    id: full.id,
    source: '/shop',
    type: 'order.placed',
    subject: '1',
    time: '2023-11-14T22:13:20.000Z',
    datacontenttype: 'application/json',
    partitionkey: 'order:1',
    sequence: '7',
    schemaversion: '3',
    traceparent: full.traceparent,
  })
})

it('takes no delivery for a message that has no id, no type, or a version that is no number', () => {
  const decode = (fields: object) => toMessage('orders', rawOf(Buffer.alloc(0), fields as MessageProperties))
  expect(decode({ messageId: 'i', type: 't' })).toMatchObject({ id: 'i', type: 't', schemaVersion: 1 })
  expect(decode({ messageId: 'i' })).toBeUndefined()
  expect(decode({ type: 't' })).toBeUndefined()
  expect(decode({ messageId: 'i', type: 't', headers: { 'waybill-schema-version': 'new' } })).toBeUndefined()
})

it('reads headers of other types as text, and leaves out those of the broker', () => {
  const headers = {
    count: 1,
    flag: true,
    bytes: Buffer.from('b'),
    table: { a: 1 },
    'x-death': [],
    'x-delivery-count': 1,
  }
  const raw = rawOf(Buffer.alloc(0), { headers } as unknown as MessageProperties)
  expect(raw.headers).toEqual({ count: '1', flag: 'true', bytes: 'b', table: '{"a":1}' })
})
