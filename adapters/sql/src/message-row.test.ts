import type { OutboxMessage } from '@waybill/core/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toInsertRow, toMessage } from './message-row.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((value) => value.isWellFormed())
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const time = fc.integer({ min: 0, max: 253_402_300_799_999 })

const messages: fc.Arbitrary<OutboxMessage> = fc
  .record({
    id: text,
    topic: text,
    type: text,
    payload: fc.uint8Array(),
    contentType: fc.constantFrom('application/json', 'application/avro'),
    headers: fc.dictionary(fc.oneof(text, fc.constantFrom('constructor', 'tostring')), fc.string()),
    schemaVersion: fc.integer({ min: 1, max: 3 }),
    createdAt: time,
    orderingKey: optional(text),
    aggregateType: optional(text),
    aggregateId: optional(text),
    sequence: optional(fc.maxSafeInteger()),
    correlationId: optional(text),
    causationId: optional(text),
    traceparent: optional(text),
    tracestate: optional(text),
    availableAt: optional(time),
    expiresAt: optional(time),
    maxAttempts: optional(fc.integer({ min: 1, max: 100 })),
  })
  // Absent is not the same as undefined.
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never)

describe('a row', () => {
  it('gives back the message that it was made of', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(toMessage(toInsertRow(message))).toEqual({ ...message })
      }),
    )
  })

  it('has nothing in the rare columns for a plain message', () => {
    const message: OutboxMessage = {
      id: 'a',
      topic: 'orders',
      type: 'order.placed',
      payload: new Uint8Array(),
      contentType: 'application/json',
      headers: {},
      schemaVersion: 1,
      createdAt: 5,
    }
    expect(toInsertRow(message)).toMatchObject({ headers: null, attributes: null, delay_ms: null })
  })

  it('of another program may hold text for bytes, and headers that are no text', () => {
    const row = {
      ...toInsertRow({
        id: 'a',
        topic: 'orders',
        type: 'order.placed',
        payload: new Uint8Array(),
        contentType: 'application/json',
        headers: {},
        schemaVersion: 1,
        createdAt: 5,
      }),
      payload: '{"ü":1}',
      headers: '{"tenant":5,"flags":{"a":true},"name":"x"}',
    }
    const message = toMessage(row)
    expect(message.payload).toEqual(new TextEncoder().encode('{"ü":1}'))
    expect(message.headers).toEqual({ tenant: '5', flags: '{"a":true}', name: 'x' })
  })
})
