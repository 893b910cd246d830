import { Commands, Consumer, exponential, Outbox, Relay, reconcile, Transitions, type TypesOf } from '@waybill/core'
import {
  type MemoryTransaction,
  memoryBroker,
  memoryConsumer,
  memoryInbox,
  memoryPublisher,
  memoryStorage,
} from '@waybill/memory'
import { expect, onTestFinished, test } from 'vitest'
import { messages, placed } from './shop.ts'

// What Waybill does not promise of the consuming side, and why nobody should rely on it: docs/architecture/guarantees.md names
// each of these tests.

function setup() {
  const broker = memoryBroker()
  const inbox = memoryInbox()
  const start = async (handle: Parameters<typeof withHandler>[1], options = {}) => {
    const source = memoryConsumer({ broker })
    const retry = exponential({ baseMs: 1, maxAttempts: 2 })
    const consumer = new Consumer({ name: 'billing', source, inbox, messages, retry, redriveIntervalMs: 5, ...options })
    return await withHandler(consumer, handle)
  }
  return { broker, inbox, start }
}

type Billing = Consumer<MemoryTransaction, TypesOf<typeof messages>>

async function withHandler(
  consumer: Billing,
  handle: (id: string, context: { readonly attempt: number; readonly put: (key: string) => Promise<void> }) => unknown,
): Promise<Billing> {
  consumer.on('error', () => undefined)
  consumer.on('order.placed', async ({ payload }, { tx, attempt }) => {
    const put = async (key: string) => {
      await tx.put('invoices', key, true)
    }
    await handle(payload.id, { attempt, put })
  })
  onTestFinished(() => consumer.stop())
  await consumer.start()
  return consumer
}

test('attempts are counted in the process, and begin again in another one', async () => {
  const { broker, start } = setup()
  const attempts: number[] = []
  const retry = exponential({ baseMs: 60_000, jitter: 'none', maxAttempts: 3 })
  const first = await start(
    (_id, { attempt }) => {
      attempts.push(attempt)
      throw new Error('not yet')
    },
    { retry, immediateRetries: 1 },
  )
  broker.append(placed('o-1', 5))
  await expect.poll(() => attempts).toEqual([1, 2])
  await first.stop()
  await start((_id, { attempt }) => attempts.push(attempt))
  await expect.poll(() => attempts).toEqual([1, 2, 1])
})

test('a dead letter comes back behind what has been handled since', async () => {
  const { broker, inbox, start } = setup()
  const handled: string[] = []
  let away = true
  await start((id) => {
    if (id === 'older' && away) throw new Error('not yet')
    handled.push(id)
  })
  for (const id of ['older', 'newer']) broker.append(placed(id, 5, { orderingKey: 'customer-1' }))
  await expect.poll(() => handled).toEqual(['newer'])
  away = false
  await inbox.deadLetters.redrive({ consumer: 'billing', keys: ['older-placed'] })
  await expect.poll(() => handled).toEqual(['newer', 'older'])
})

test('a handler that does not heed its signal goes on without its transaction', async () => {
  const { broker, inbox, start } = setup()
  const gate = Promise.withResolvers<void>()
  const beside: number[] = []
  const late = Promise.withResolvers<unknown>()
  await start(
    async (id, { attempt, put }) => {
      if (attempt > 1) return await put(id)
      await gate.promise
      beside.push(attempt)
      await put('late').catch(late.resolve)
    },
    { handlerTimeoutMs: 20 },
  )
  broker.append(placed('o-1', 5))
  const invoices = () => [...inbox.database.read('invoices').keys()]
  await expect.poll(invoices).toEqual(['o-1'])
  gate.resolve()
  expect(await late.promise).toBeInstanceOf(Error)
  expect([beside, invoices()]).toEqual([[1], ['o-1']])
})

test('a command is carried out again once its result has expired', async () => {
  const inbox = memoryInbox()
  const commands = new Commands({ inbox, retentionMs: 1 })
  const execute = () => commands.execute({ key: 'k-1', request: 1 }, () => 'placed')
  expect(await execute()).toMatchObject({ repeated: false })
  await expect.poll(async () => (await execute()).repeated).toBe(false)
})

test('a change of state without `transition` is not noticed', async () => {
  const inbox = memoryInbox()
  const orders = new Transitions({ inbox, machine: 'order', moves: { placed: ['paid'], paid: [] } })
  await inbox.transaction((tx) => orders.transition(tx, { entity: 'o-1', from: null, to: 'placed' }))
  await inbox.transaction((tx) => tx.put('orders', 'o-1', 'paid'))
  expect(await orders.history('o-1')).toMatchObject([{ to: 'placed' }])
})

test('in direct mode a message that the broker does not take is lost', async () => {
  const storage = memoryStorage()
  const publisher = memoryPublisher()
  const outbox = new Outbox({ storage, messages, publisher, mode: 'direct' })
  for (const name of ['warning', 'error'] as const) outbox.on(name, () => undefined)
  publisher.broker.onPublish = () => ({ type: 'unavailable', scope: 'broker' })
  await outbox.transaction(({ enqueue }) => enqueue('order.paid', { id: 'o-1' }))
  publisher.broker.onPublish = null
  await outbox.transaction(({ enqueue }) => enqueue('order.paid', { id: 'o-2' }))
  expect(publisher.published.map(({ orderingKey }) => orderingKey)).toEqual(['o-2'])
  expect(await storage.count()).toMatchObject({ pending: 0, published: 0, dead: 0 })
})

test('reconcile takes what has been pruned for lost', async () => {
  const storage = memoryStorage()
  const inbox = memoryInbox({ database: storage.database })
  const publisher = memoryPublisher()
  const outbox = new Outbox({ storage, messages })
  const item = { type: 'order.paid' as const, payload: { id: 'o-1' }, id: 'o-1:paid' }
  await outbox.transaction(({ enqueueMany }) => enqueueMany([item]))
  await new Relay({ storage, publisher }).drain()
  await expect.poll(() => storage.prune({ olderThanMs: 0 })).toBe(1)
  const enqueue = () =>
    reconcile({
      name: 'paid',
      inbox,
      expected: [['o-1:paid']],
      enqueued: storage,
      enqueue: (tx) => outbox.enqueueMany(tx, [item]),
    })
  expect([await enqueue(), await enqueue()]).toMatchObject([{ enqueued: 1 }, { enqueued: 0, present: 1 }])
})
