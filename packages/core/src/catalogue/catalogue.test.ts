import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type ConfigurationError, type Message, MessageError } from '../contracts/index.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { decodePayload } from './decode-payload.ts'
import { type Catalogue, defineMessages, type MessageTypes } from './define-messages.ts'
import type { StandardSchema } from './standard-schema.ts'

const libraries: readonly (readonly [string, StandardSchema])[] = [
  ['zod', z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) })],
  [
    'valibot',
    v.object({
      id: v.string(),
      at: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    }),
  ],
  ['arktype', type({ id: 'string', at: type('string').pipe((text) => new Date(text)) })],
]

describe.each(libraries)('%s', (_name, schema) => {
  const messages = defineMessages({ 'order.placed': { topic: 'orders', schema } })

  test('consumers get the output of the schema', async () => {
    const payload = await decode(messages, { id: 'a', at: '1970-01-01T00:00:01.000Z' })
    expect(payload).toEqual({ id: 'a', at: new Date(1_000) })
  })

  test('a mismatch is refused with the path of the issue', async () => {
    const error = await refusal(decode(messages, { id: 'a', at: 987_654 }))
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', path: 'payload.at', retryable: false })
    expect(error.message).toContain('payload.at (number): see `cause`')
  })
})

test.each(libraries)(
  '%s: the value that is refused stands in no text, for the payload may be secret',
  async (_, schema) => {
    const messages = defineMessages({ 'order.placed': { topic: 'orders', schema } })
    const error = await refusal(decode(messages, { id: ['the secret'], at: 987_654 }))
    for (const place of ['payload.id (array)', 'payload.at (number)']) expect(error.message).toContain(place)
    expect(error.message).not.toMatch(/secret|987/)
    expect(error.cause).toHaveLength(2)
  },
)

test('asynchronous schemas are awaited', async () => {
  const schema = z.object({ id: z.string() }).refine(async ({ id }) => await Promise.resolve(id === 'good'))
  const messages = defineMessages({ 'order.placed': { topic: 'orders', schema } })
  expect(await decode(messages, { id: 'good' })).toEqual({ id: 'good' })
  expect(await refusal(decode(messages, { id: 'bad' }))).toMatchObject({ code: 'SCHEMA_MISMATCH', path: 'payload' })
})

test('of many issues the first ten are told', async () => {
  const messages = defineMessages({ 'order.placed': { topic: 'orders', schema: z.array(z.string()) } })
  const error = await refusal(
    decode(
      messages,
      Array.from({ length: 12 }, () => 1),
    ),
  )
  expect(error.path).toBe('payload[0]')
  expect(error.message).toMatch(/payload\[9\] \(number\), and 2 more: see `cause`$/)
})

describe('versions', () => {
  const messages = defineMessages({
    'order.placed': {
      topic: 'orders',
      schema: z.object({ orderId: z.string(), cents: z.number() }),
      schemaVersion: 4,
      upcast: {
        2: (old: { order: string; total: number }) => ({ orderId: old.order, total: old.total }),
        3: (old: { orderId: string; total: number }) => ({ orderId: old.orderId, cents: old.total * 100 }),
      },
    },
  })

  test.each([
    [2, { order: 'a', total: 3 }],
    [3, { orderId: 'a', total: 3 }],
    [4, { orderId: 'a', cents: 300 }],
  ])('version %i is brought up to the current one', async (schemaVersion, payload) => {
    expect(await decode(messages, payload, { schemaVersion })).toEqual({ orderId: 'a', cents: 300 })
  })

  test.each([
    { what: 'older than the oldest upcaster', schemaVersion: 1, payload: {}, text: 'no upcaster from 1' },
    { what: 'newer than the catalogue', schemaVersion: 5, payload: {}, text: 'update consumers before producers' },
    { what: 'not what its upcaster expects', schemaVersion: 2, payload: null, text: 'the upcaster from 2 threw' },
    {
      what: 'not what the schema expects',
      schemaVersion: 4,
      payload: { orderId: 'a' },
      text: 'payload.cents (missing)',
    },
  ])('refuses what is $what', async ({ schemaVersion, payload, text }) => {
    const error = await refusal(decode(messages, payload, { schemaVersion }))
    expect(error).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      path: schemaVersion === 4 ? 'payload.cents' : 'schemaVersion',
    })
    expect(error.message).toContain(text)
  })
})

test('a type that is not in the catalogue is refused, also the name of a built-in property', async () => {
  const messages = defineMessages({ 'order.placed': { topic: 'orders', schema: z.unknown() } })
  for (const unknown of ['order.paid', 'constructor', '__proto__']) {
    expect(await refusal(decode(messages, 1, { type: unknown }))).toMatchObject({ code: 'UNKNOWN_TYPE', path: 'type' })
  }
})

test('a payload of another content type is not guessed at', async () => {
  const error = await refusal(decode(undefined, 1, { contentType: 'application/x-protobuf' }))
  expect(error).toMatchObject({ code: 'PAYLOAD_UNREADABLE', path: 'contentType' })
  expect(await decode(undefined, 1, { contentType: 'Application/JSON; charset=utf-8' })).toBe(1)
})

test('defineMessages reports the problems of all definitions at once', () => {
  const schema = z.unknown()
  const upcast = { 1: () => 1, 5: () => 1 }
  const wrong = () =>
    defineMessages({
      a: { topic: '', schema },
      b: { topic: 'b', schema: {} as StandardSchema },
      c: { topic: 'c', schema, schemaVersion: 1.5 },
      d: { topic: 'd', schema, schemaVersion: 3, upcast },
    })
  expect(wrong).toThrow(
    expect.objectContaining<Partial<ConfigurationError>>({
      code: 'CONFIGURATION',
      problems: [
        { option: "['a'].topic", value: '', rule: 'must be a name' },
        { option: "['b'].schema", value: {}, rule: 'must be a Standard Schema of version 1' },
        { option: "['c'].schemaVersion", value: 1.5, rule: 'must be an integer from 1 to 2147483647' },
        { option: "['d'].upcast[1]", value: upcast[1], rule: 'must lead to schemaVersion (3) without gaps' },
        { option: "['d'].upcast[5]", value: upcast[5], rule: 'must lead to schemaVersion (3) without gaps' },
      ],
    }) as Error,
  )
})

function decode(
  messages: Catalogue<MessageTypes> | undefined,
  payload: unknown,
  more: Partial<Message> = {},
): Promise<unknown> {
  const message: Message = {
    id: '1',
    topic: 'orders',
    type: 'order.placed',
    payload: jsonSerializer.serialize(payload),
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
    ...more,
  }
  return decodePayload(message, messages, jsonSerializer)
}

async function refusal(work: Promise<unknown>): Promise<MessageError> {
  const error: unknown = await work.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  )
  if (error instanceof MessageError) return error
  throw error
}
