import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineMessages, type TypesOf } from '../src/catalogue/define-messages.ts'

const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (m) => m.at.toISOString(),
    schema: z.object({ orderId: z.string(), at: z.string().transform((text) => new Date(text)) }),
  },
  'order.paid': {
    topic: 'orders',
    schema: v.object({ id: v.string(), n: v.optional(v.number(), 3) }),
    key: (m) => m.n.toFixed(),
  },
  'order.sent': {
    topic: 'orders',
    schema: type({ id: 'string', n: 'string.numeric.parse' }),
    aggregate: (m) => ({ type: 'order', id: m.n.toFixed() }),
    schemaVersion: 2,
    upcast: { 1: (old: { name: string }) => ({ id: old.name, n: '1' }) },
  },
})

type Types = TypesOf<typeof messages>

test('zod, valibot and arktype give input and output', () => {
  expectTypeOf<Types['order.placed']['input']>().toEqualTypeOf<{ orderId: string; at: string }>()
  expectTypeOf<Types['order.placed']['output']>().toEqualTypeOf<{ orderId: string; at: Date }>()
  expectTypeOf<Types['order.paid']['input']>().toEqualTypeOf<{ id: string; n?: number | undefined }>()
  expectTypeOf<Types['order.paid']['output']>().toEqualTypeOf<{ id: string; n: number }>()
  expectTypeOf<Types['order.sent']['input']>().toEqualTypeOf<{ id: string; n: string }>()
  expectTypeOf<Types['order.sent']['output']>().toEqualTypeOf<{ id: string; n: number }>()
})

test('mistakes in a definition are errors', () => {
  const schema = z.object({ id: z.string(), n: z.number() })
  // @ts-expect-error: no topic
  defineMessages({ a: { schema } })
  // @ts-expect-error: a key is a string
  defineMessages({ a: { topic: 't', schema, key: (m) => m.n } })
  // @ts-expect-error: no such property
  defineMessages({ a: { topic: 't', schema, key: (m) => m.name } })
  // @ts-expect-error: not a schema
  defineMessages({ a: { topic: 't', schema: { id: 'string' } } })
})
