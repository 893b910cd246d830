import { describe, expect, test } from 'vitest'
import { MessageError } from '../contracts/index.ts'
import { buildMessage, type MessageDraft, type MessageTerms } from './build-message.ts'

const payload = new TextEncoder().encode('{}')
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function setup(terms: Partial<MessageTerms> = {}) {
  const runtime = { now: () => 0, wallNow: () => 1_000.7, setTimeout: () => () => undefined, random: () => 0 }
  const all: MessageTerms = { runtime, maxMessageBytes: 100, traceContext: undefined, ...terms }
  const draft = { type: 'order.placed', topic: 'orders', payload, contentType: 'application/json', schemaVersion: 1 }
  return (more: Partial<MessageDraft> = {}) => buildMessage({ ...draft, ...more }, all)
}

function refusal(work: () => unknown): MessageError {
  try {
    work()
  } catch (error) {
    if (error instanceof MessageError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

test('a message has an id, a time, and nothing that was not given', () => {
  expect(setup()()).toStrictEqual({
    id: '00000000-03e8-7000-8000-000000000000',
    topic: 'orders',
    type: 'order.placed',
    payload,
    contentType: 'application/json',
    schemaVersion: 1,
    headers: {},
    createdAt: 1000,
  })
})

test('everything that is given is carried', () => {
  const given = {
    id: 'mine',
    headers: { 'x-tenant': 'naïve, \ud83d\ude00' },
    orderingKey: 'k',
    aggregateType: 'order',
    aggregateId: '7',
    sequence: -3,
    maxAttempts: 4,
    correlationId: 'c1',
    causationId: 'c2',
  }
  const message = setup()({ ...given, availableAt: new Date(5), expiresAt: 6 })
  expect(message).toMatchObject({ ...given, availableAt: 5, expiresAt: 6 })
  expect(setup()({ delayMs: 0 })).toMatchObject({ delayMs: 0 })
})

test('the ordering key defaults to the aggregate, if it is known in full', () => {
  expect(setup()({ aggregateType: 'order', aggregateId: '7' }).orderingKey).toBe('order:7')
  expect(setup()({ aggregateType: 'order' })).not.toHaveProperty('orderingKey')
  expect(setup()({ aggregateType: 'order', aggregateId: '7', orderingKey: 'k' }).orderingKey).toBe('k')
})

describe('refuses with INVALID_MESSAGE', () => {
  test.each<[string, object, string]>([
    ['an empty id', { id: '' }, 'id'],
    ['an id that is too long', { id: 'x'.repeat(256) }, 'id'],
    ['an id that is no string', { id: 7 }, 'id'],
    ['NUL in a topic', { topic: 'a\u0000b' }, 'topic'],
    ['a lone surrogate in a key', { orderingKey: '\ud800' }, 'orderingKey'],
    ['no type', { type: undefined }, 'type'],
    ['an empty type', { type: '' }, 'type'],
    [
      'an aggregate whose default key is too long',
      { aggregateType: 'x'.repeat(200), aggregateId: 'y'.repeat(60) },
      'orderingKey',
    ],
    ['an upper-case header name', { headers: { 'X-Tenant': 'a' } }, 'headers["X-Tenant"]'],
    ['an empty header name', { headers: { '': 'a' } }, 'headers[""]'],
    ['a reserved header name', { headers: { 'ce-id': 'a' } }, 'headers.ce-id'],
    ['a header value with NUL', { headers: { a: '\u0000' } }, 'headers.a'],
    ['a header value with a lone surrogate', { headers: { a: '\udc00!' } }, 'headers.a'],
    ['a header value that is no string', { headers: { a: 1 } }, 'headers.a'],
    ['a fraction as sequence', { sequence: 0.5 }, 'sequence'],
    ['a schema version of 0', { schemaVersion: 0 }, 'schemaVersion'],
    ['no attempts', { maxAttempts: 0 }, 'maxAttempts'],
    ['a negative delay', { delayMs: -1 }, 'delayMs'],
    ['an endless delay', { delayMs: Number.POSITIVE_INFINITY }, 'delayMs'],
    ['an invalid date', { availableAt: new Date(Number.NaN) }, 'availableAt'],
    ['a time beyond all databases', { expiresAt: 8.64e15 }, 'expiresAt'],
    ['a delay beside a time', { delayMs: 1, availableAt: 1 }, 'delayMs'],
    ['an end before the beginning', { availableAt: 5, expiresAt: 5 }, 'expiresAt'],
  ])('%s', (_name, wrong, path) => {
    const error = refusal(() => setup()(wrong))
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE', path, retryable: false })
    expect(error.message.startsWith(path)).toBe(true)
  })
})

describe('size', () => {
  test.each<[string, Partial<MessageDraft>, boolean]>([
    ['exactly the limit', { payload: new Uint8Array(100) }, true],
    ['one byte more', { payload: new Uint8Array(101) }, false],
    [
      'headers and key count in bytes',
      { payload: new Uint8Array(90), headers: { a: 'éé' }, orderingKey: '12345' },
      true,
    ],
    ['and are too much', { payload: new Uint8Array(90), headers: { a: 'éé' }, orderingKey: '123456' }, false],
  ])('%s', (_name, more, fits) => {
    if (fits) expect(() => setup()(more)).not.toThrow()
    else expect(refusal(() => setup()(more))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', path: 'payload' })
  })
})

describe('trace context', () => {
  test('is captured', () => {
    const build = setup({ traceContext: () => ({ traceparent, tracestate: 'a=b' }) })
    expect(build()).toMatchObject({ traceparent, tracestate: 'a=b' })
  })

  test.each([
    ['absent', undefined],
    ['malformed', { traceparent: 'nonsense', tracestate: 'a=b' }],
  ])('is left out when %s', (_name, context) => {
    const message = setup({ traceContext: () => context })()
    expect(message).not.toHaveProperty('traceparent')
    expect(message).not.toHaveProperty('tracestate')
  })

  test('goes without a state that cannot be carried', () => {
    expect(setup({ traceContext: () => ({ traceparent, tracestate: '\n' }) })()).not.toHaveProperty('tracestate')
  })
})
