import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineMessages, type TypesOf } from '../src/catalogue/define-messages.ts'
import type { OutboxStorage, OutboxWriter, TransactionRunner } from '../src/contracts/index.ts'
import { Outbox } from '../src/outbox/outbox.ts'

interface Transaction {
  readonly isTransaction: true
}
interface Driver {
  readonly isDriver: true
}
interface Pool {
  readonly isPool: true
}

declare const tx: Transaction
declare const driver: Driver
declare const pool: Pool
declare const writer: Omit<OutboxWriter<Transaction>, 'insertSync'>
declare const runner: TransactionRunner<Transaction>
declare const storage: typeof writer & {
  insertSync: OutboxWriter<Driver>['insertSync'] & {}
} & TransactionRunner<Transaction>

declare const contract: OutboxStorage<Transaction>

const messages = defineMessages({
  'order.placed': { topic: 'orders', schema: z.object({ id: z.string(), n: z.string().transform(Number) }) },
  'order.paid': { topic: 'orders', schema: z.object({ paid: z.boolean() }) },
})

test('with a catalogue, types and payloads go together', async () => {
  const outbox = new Outbox({ storage, messages })
  expectTypeOf(outbox.enqueue(tx, 'order.placed', { id: 'a', n: '1' })).resolves.toEqualTypeOf<{
    readonly id: string
  }>()
  await outbox.enqueue(tx, 'order.paid', { paid: true }, { headers: { a: 'b' }, availableAt: new Date() })
  // @ts-expect-error: the input is a string, only the output is a number
  await outbox.enqueue(tx, 'order.placed', { id: 'a', n: 1 })
  // @ts-expect-error: the payload of another type
  await outbox.enqueue(tx, 'order.paid', { id: 'a', n: '1' })
  // @ts-expect-error: no such type
  await outbox.enqueue(tx, 'order.plced', { id: 'a', n: '1' })
  // @ts-expect-error: no such option
  await outbox.enqueue(tx, 'order.paid', { paid: true }, { delay: 5 })
  await outbox.enqueueMany(tx, [
    { type: 'order.placed', payload: { id: 'a', n: '1' }, delayMs: 5 },
    { type: 'order.paid', payload: { paid: true } },
    // @ts-expect-error: the payload of another type
    { type: 'order.paid', payload: { id: 'a', n: '1' } },
  ])
})

test('what is not a transaction of the storage is refused', async () => {
  const outbox = new Outbox({ storage, messages })
  // @ts-expect-error: a pool is no transaction
  await outbox.enqueue(pool, 'order.paid', { paid: true })
  // @ts-expect-error: only enqueueSync takes the driver's handle
  await outbox.enqueue(driver, 'order.paid', { paid: true })
  expectTypeOf(outbox.enqueueSync(driver, 'order.paid', { paid: true })).toEqualTypeOf<{ readonly id: string }>()
  // @ts-expect-error: an asynchronous transaction has no synchronous calls
  outbox.enqueueSync(tx, 'order.paid', { paid: true })
  // @ts-expect-error: this storage has no synchronous calls
  new Outbox({ storage: writer, messages }).enqueueSync(tx, 'order.paid', { paid: true })
})

test('without a catalogue, a topic is needed', async () => {
  const outbox = new Outbox({ storage })
  await outbox.enqueue(tx, 'anything', { at: 'all' }, { topic: 'orders' })
  await outbox.enqueueMany(tx, [{ type: 'anything', payload: 1, topic: 'orders' }])
  // @ts-expect-error: no topic
  await outbox.enqueue(tx, 'anything', { at: 'all' })
  // @ts-expect-error: no topic
  await outbox.enqueueMany(tx, [{ type: 'anything', payload: 1 }])
})

test('transaction needs somebody who opens one', async () => {
  const work = async () => 5
  expectTypeOf(new Outbox({ storage }).transaction(work)).resolves.toEqualTypeOf<number>()
  expectTypeOf(new Outbox({ storage: writer, runner }).transaction(work)).resolves.toEqualTypeOf<number>()
  await new Outbox({ storage, messages }).transaction(
    async ({ tx: own, enqueue }) => {
      expectTypeOf(own).toEqualTypeOf<Transaction>()
      await enqueue('order.paid', { paid: true })
      // @ts-expect-error: the payload of another type
      await enqueue('order.paid', { id: 'a', n: '1' })
    },
    { isolation: 'serializable' },
  )
  const foreign = runner as unknown as TransactionRunner<Pool>
  // @ts-expect-error: the storage does not take what this runner opens
  await new Outbox({ storage: writer, runner: foreign }).transaction(work)
  // @ts-expect-error: neither the storage nor a runner opens transactions
  await new Outbox({ storage: writer }).transaction(work)
})

test('storages of the plain contract type fit', async () => {
  const outbox = new Outbox({ storage: contract, messages })
  await outbox.enqueue(tx, 'order.paid', { paid: true })
  // @ts-expect-error: it opens no transactions
  await outbox.transaction(async () => 5)
  const full: OutboxStorage<Transaction> & TransactionRunner<Transaction> = { ...contract, ...runner }
  await new Outbox({ storage: full, messages }).transaction(async () => 5)
})

test('an outbox can be handed to a function that only enqueues', () => {
  const use = (outbox: Outbox<Transaction, TypesOf<typeof messages>>) =>
    outbox.enqueue(tx, 'order.paid', { paid: true })
  expectTypeOf(use).toBeCallableWith(new Outbox({ storage, messages }))
  expectTypeOf(use).toBeCallableWith(new Outbox({ storage: writer, messages }))
})
