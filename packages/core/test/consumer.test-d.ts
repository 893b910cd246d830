import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineMessages, type TypesOf } from '../src/catalogue/define-messages.ts'
import { Consumer } from '../src/consumer/consumer.ts'
import type { BrokerConsumer, InboxStorage, TransactionRunner } from '../src/contracts/index.ts'
import type { Outbox } from '../src/outbox/outbox.ts'

interface Transaction {
  readonly isTransaction: true
}
interface Pool {
  readonly isPool: true
}

declare const source: BrokerConsumer
declare const inbox: InboxStorage<Transaction | Pool> & TransactionRunner<Transaction>

const messages = defineMessages({
  'order.placed': { topic: 'orders', schema: z.object({ id: z.string(), n: z.string().transform(Number) }) },
})

test('handlers get the output of the schema and the transaction of the inbox', () => {
  const consumer = new Consumer({ name: 'billing', source, inbox, messages })
  consumer.on('order.placed', async (message, { tx, signal }) => {
    expectTypeOf(message.payload).toEqualTypeOf<{ id: string; n: number }>()
    expectTypeOf(message.id).toEqualTypeOf<string>()
    expectTypeOf(tx).toEqualTypeOf<Transaction>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  })
  // @ts-expect-error: no such type and no such event
  consumer.on('order.plced', () => undefined)
})

test('events have their types, with and without a catalogue', () => {
  new Consumer({ name: 'billing', source, inbox, messages }).on('error', (error) => {
    expectTypeOf(error).toEqualTypeOf<Error>()
  })
  const consumer = new Consumer({ name: 'billing', source, inbox, topics: ['orders'] })
  consumer.on('retry', ({ delayMs, attempt }) => {
    expectTypeOf([delayMs, attempt]).toEqualTypeOf<number[]>()
  })
  consumer.on('anything', (message) => {
    expectTypeOf(message.payload).toEqualTypeOf<unknown>()
  })
})

declare const outbox: Outbox<Transaction | Pool, TypesOf<typeof messages>>

test('handlers have the outbox of the consumer, typed by its catalogue, or none', () => {
  const consumer = new Consumer({ name: 'billing', source, inbox, messages, outbox })
  consumer.use(async (message, context, next) => {
    expectTypeOf(message.payload).toEqualTypeOf<unknown>()
    expectTypeOf(context.tx).toEqualTypeOf<Transaction>()
    await next()
  })
  consumer.on('order.placed', async (_message, context) => {
    await context.outbox.enqueue('order.placed', { id: 'a', n: '1' })
    // @ts-expect-error: not what the schema takes
    await context.outbox.enqueue('order.placed', { id: 'a', n: 1 })
  })
  new Consumer({ name: 'billing', source, inbox, messages }).on('order.placed', (_message, context) => {
    expectTypeOf(context.outbox).toEqualTypeOf<undefined>()
  })
})
