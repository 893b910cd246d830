import { CloudEvent, Kafka } from 'cloudevents'
import { expect, it } from 'vitest'
import { decodeMessage, encodeMessage, rawOf } from '../src/mapping.ts'
import { message } from './publish.ts'

const full = message('orders', {
  headers: { 'x-tenant': 'a b', 'content-type': 'mine', traceparent: 'mine too' },
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
const cloudEvents = { cloudEvents: { source: '/shop' } }
const buffers = (fields: ReturnType<typeof encodeMessage>) => fields.map((field) => Buffer.from(field))

it.each([['waybill'] as const, [cloudEvents]])('carries every field there and back as %o', (format) => {
  const raw = rawOf(buffers(encodeMessage(full, format)))
  expect(raw.key).toBe('order:1')
  expect(decodeMessage('orders', raw)).toEqual({ ...full, payload: Buffer.from(full.payload) })
})

it('is a CloudEvent to the SDK of CloudEvents', () => {
  const raw = rawOf(buffers(encodeMessage(full, cloudEvents)))
  const { body, headers, key } = raw
  const record = { headers: { ...headers }, body: Buffer.from(body).toString(), key, value: body }
  const event = Kafka.toEvent(record)
  if (!(event instanceof CloudEvent)) throw new Error('not one event')
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

it('takes no entry for a message that has no id, no type, or a version that is no number', () => {
  const decode = (fields: Readonly<Record<string, string>>) =>
    decodeMessage(
      'orders',
      rawOf(
        Object.entries(fields)
          .flat()
          .map((text) => Buffer.from(text)),
      ),
    )
  expect(decode({ 'waybill-id': 'i', 'waybill-type': 't' })).toMatchObject({ id: 'i', type: 't', schemaVersion: 1 })
  expect(decode({ 'waybill-id': 'i' })).toBeUndefined()
  expect(decode({ 'waybill-type': 't' })).toBeUndefined()
  expect(decode({ 'waybill-id': 'i', 'waybill-type': 't', 'waybill-schema-version': 'new' })).toBeUndefined()
})
