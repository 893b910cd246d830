import {
  type MemoryTransaction,
  memoryBroker,
  memoryConsumer,
  memoryInbox,
  memoryPublisher,
  memoryStorage,
} from '@waybill/memory'
import { expect, test, vi } from 'vitest'
import { Consumer, type EnqueueOptions, exponential, type Message, Outbox, Relay } from '../src/index.ts'

// What Waybill does not promise, and why nobody should rely on it: docs/architecture/guarantees.md names each of these tests.

function setup() {
  const late: (() => void)[] = []
  const timer = (callback: () => void) => {
    late.push(callback)
    return () => undefined
  }
  const broker = memoryBroker({ timer })
  const storage = memoryStorage()
  const outbox = new Outbox({ storage })
  const retry = exponential({ baseMs: 1, maxMs: 1 })
  const relay = new Relay({ storage, publisher: memoryPublisher({ broker }), retry })
  const enqueueIn = (tx: MemoryTransaction, id: string, options: EnqueueOptions = {}) =>
    outbox.enqueue(tx, 'order.told', id, { topic: 'orders', orderingKey: 'order-1', id, ...options })
  return {
    broker,
    late,
    storage,
    relay,
    enqueueIn,
    enqueue: (id: string, options?: EnqueueOptions) => storage.transaction((tx) => enqueueIn(tx, id, options)),
    arrived: () => broker.log.map(({ message }) => message?.id),
  }
}

/** A consumer that is handed its messages by the test. Its handler writes one entry, and counts its runs beside it. */
function setupConsumer(dedupKey: (message: Message) => string = ({ id }) => id) {
  const inbox = memoryInbox()
  const consumer = new Consumer({ name: 'billing', source: memoryConsumer(), inbox, topics: ['orders'], dedupKey })
  let runs = 0
  let failures = 0
  consumer.on('order.told', async (_message, { tx }) => {
    await tx.put('entries', `entry ${++runs}`, true)
    if (failures-- > 0) throw new Error('on purpose')
  })
  return {
    inbox,
    consumer,
    failOnce: () => {
      failures = 1
    },
    runs: () => runs,
    entries: () => [...inbox.database.read('entries')].length,
  }
}

function told(id: string, sequence = 1): Message {
  const payload = new TextEncoder().encode('1')
  const origin = { aggregateType: 'order', aggregateId: '1', sequence, createdAt: 0 }
  const contents = { payload, contentType: 'application/json', headers: {}, schemaVersion: 1 }
  return { id, topic: 'orders', type: 'order.told', ...origin, ...contents }
}

/** Drains until the broker has got what is expected. */
async function drainUntil({ relay, arrived }: ReturnType<typeof setup>, expected: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    await relay.drain()
    expect(arrived()).toEqual(expected)
  })
}

test('the broker may get a message twice', async () => {
  const world = setup()
  world.broker.onPublish = () => ({ type: world.arrived().length === 0 ? 'lose-reply' : 'accept' })
  await world.enqueue('m')
  await drainUntil(world, ['m', 'm'])
})

test('a duplicate may come late', async () => {
  const world = setup()
  // A drain may last until the retry is due.
  world.broker.onPublish = () => (world.late.length === 0 ? { type: 'arrive-late', delayMs: 1 } : { type: 'accept' })
  await world.enqueue('older')
  await drainUntil(world, ['older'])
  await world.enqueue('newer')
  await drainUntil(world, ['older', 'newer'])
  for (const arrive of world.late) arrive()
  expect(world.arrived()).toEqual(['older', 'newer', 'older'])
})

test('a message that died comes back behind its successors', async () => {
  const world = setup()
  world.broker.onPublish = ({ id }) => (id === 'older' ? { type: 'reject', retryable: false } : { type: 'accept' })
  await world.enqueue('older')
  await world.enqueue('newer')
  await drainUntil(world, ['newer'])
  world.broker.onPublish = null
  expect(await world.storage.deadLetters.redrive({ ids: ['older'] })).toBe(1)
  await drainUntil(world, ['newer', 'older'])
})

test('messages of different keys, or of different topics, have no order among each other', async () => {
  const world = setup()
  let refusals = 1
  world.broker.onPublish = ({ id }) => (id === 'first' && refusals-- > 0 ? { type: 'reject' } : { type: 'accept' })
  await world.enqueue('first')
  await world.enqueue('second', { orderingKey: 'order-2' })
  await world.enqueue('third', { topic: 'audit' })
  await drainUntil(world, ['second', 'third', 'first'])
})

test('transactions that are open at once have no order, even of one key', async () => {
  const world = setup()
  const slow = world.storage.database.begin()
  await world.enqueueIn(slow, 'enqueued first')
  await world.enqueue('enqueued second')
  await drainUntil(world, ['enqueued second'])
  slow.commit()
  await drainUntil(world, ['enqueued second', 'enqueued first'])
})

test('a scheduled message is overtaken until it is due', async () => {
  const world = setup()
  await world.enqueue('scheduled', { delayMs: 60_000 })
  await world.enqueue('later')
  await drainUntil(world, ['later'])
})

test('what a handler does beside its tx may happen twice', async () => {
  const { consumer, failOnce, runs, entries } = setupConsumer()
  failOnce()
  await expect(consumer.handle(told('m'))).rejects.toThrow('on purpose')
  await consumer.handle(told('m'))
  expect({ runs: runs(), entries: entries() }).toEqual({ runs: 2, entries: 1 })
})

test('two messages that tell the same take effect twice, unless dedupKey knows better', async () => {
  const plain = setupConsumer()
  const keyed = setupConsumer(({ aggregateId, sequence, type }) => `${aggregateId}:${sequence}:${type}`)
  for (const { consumer } of [plain, keyed]) {
    await consumer.handle(told('m1'))
    await consumer.handle(told('m2'))
  }
  expect([plain.entries(), keyed.entries()]).toEqual([2, 1])
})

test('a duplicate takes effect again once its receipt has been pruned', async () => {
  const { consumer, inbox, entries } = setupConsumer()
  await consumer.handle(told('m'))
  expect(await consumer.handle(told('m'))).toBe('duplicate')
  expect(await inbox.prune({ olderThanMs: 0 })).toBe(1)
  await consumer.handle(told('m'))
  expect(entries()).toBe(2)
})

test('each consumer applies a message for itself', async () => {
  const { consumer, inbox } = setupConsumer()
  const other = new Consumer({ name: 'shipping', source: memoryConsumer(), inbox, topics: ['orders'] })
  other.on('order.told', (_message, { tx }) => tx.put('parcels', 'parcel 1', true))
  expect([await consumer.handle(told('m')), await other.handle(told('m'))]).toEqual(['processed', 'processed'])
})
