import { memoryPublisher, memoryStorage } from '@waybill/memory'
import { describe, expect, test, vi } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { Consumer } from '../consumer/consumer.ts'
import { type BrokerPublisher, ConfigurationError, PublishError, StorageError } from '../contracts/index.ts'
import { Inbox } from '../inbox/inbox.ts'
import { Outbox } from '../outbox/outbox.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { Relay } from './relay.ts'

function setup() {
  const storage = memoryStorage()
  const publisher = memoryPublisher()
  const outbox = new Outbox({ storage })
  const enqueue = (count: number) =>
    outbox.transaction(async (scope) => {
      for (let i = 0; i < count; i++) await scope.enqueue('order.told', i, { topic: 'orders' })
    })
  return { storage, publisher, enqueue }
}

const locked = new StorageError('STORAGE_LOCKED', 'on purpose')
const fails = async () => Promise.reject(locked)

describe('drain', () => {
  test.each(['join', 'claim', 'markPublishing'] as const)(
    'rejects when %s fails, and can be called again',
    async (step) => {
      const { storage, publisher, enqueue } = setup()
      await enqueue(3)
      let failures = 1
      const failing = async (...input: never[]): Promise<never> => {
        if (failures-- > 0) await fails()
        return (storage[step] as (...input: never[]) => Promise<never>)(...input)
      }
      const relay = new Relay({ storage: { ...storage, [step]: failing }, publisher })
      relay.on('error', () => undefined)
      await expect(relay.drain()).rejects.toBe(locked)
      expect(await relay.drain()).toMatchObject({ published: 3 })
    },
  )

  test('rejects when nothing can be settled, though it can be published', async () => {
    const { storage, publisher, enqueue } = setup()
    await enqueue(3)
    const runtime = {
      ...systemRuntime,
      setTimeout: (callback: () => void, ms: number) => systemRuntime.setTimeout(callback, ms / 100),
    }
    const relay = new Relay({ storage: { ...storage, settle: fails }, publisher, runtime })
    relay.on('error', () => undefined)
    await expect(relay.drain()).rejects.toBe(locked)
    expect(publisher.published).toHaveLength(3)
  })

  test('settles failures without waiting for more of them when nothing follows', async () => {
    const { storage, publisher, enqueue } = setup()
    await enqueue(200)
    const runtime = manualRuntime()
    const refused = new PublishError('BROKER_REJECTED', 'on purpose', { retryable: false })
    const picky: BrokerPublisher = {
      ...publisher,
      publish: async (messages) =>
        messages.map((_, index) =>
          index % 7 === 6 ? { type: 'rejected', error: refused, retryable: false } : { type: 'accepted' },
        ),
    }
    const { published, dead } = await new Relay({ storage, publisher: picky, runtime, batchSize: 50 }).drain()
    expect(published + dead).toBe(200)
    expect(dead).toBeGreaterThan(10)
  })

  test('frees its lanes though leaving fails at first', async () => {
    const { storage, publisher, enqueue } = setup()
    await enqueue(3)
    const leave = vi.fn(storage.leave).mockImplementationOnce(fails).mockImplementationOnce(fails)
    const relay = new Relay({ storage: { ...storage, leave }, publisher })
    const told = vi.fn()
    relay.on('error', told)
    expect(await relay.drain()).toMatchObject({ published: 3 })
    expect(leave).toHaveBeenCalledTimes(3)
    expect(told.mock.calls).toEqual([[locked], [locked]])
  })

  test('goes on with a new session when its lease was lost', async () => {
    const { storage, publisher, enqueue } = setup()
    await enqueue(3)
    const markPublishing = vi.fn(storage.markPublishing)
    markPublishing.mockImplementationOnce(async (session, tokens) => {
      await storage.leave(session)
      return { lost: tokens }
    })
    const relay = new Relay({ storage: { ...storage, markPublishing }, publisher })
    expect(await relay.drain()).toMatchObject({ published: 3 })
  })

  test('has its publisher until it has ended, also when the relay is stopped', async () => {
    const { storage, publisher, enqueue } = setup()
    await enqueue(1)
    const said: string[] = []
    const publishing = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const relay = new Relay({
      storage,
      publisher: {
        ...publisher,
        async publish(...input) {
          publishing.resolve()
          await gate.promise
          said.push('published')
          return publisher.publish(...input)
        },
        async close() {
          said.push('closed')
        },
      },
    })
    const drained = relay.drain()
    await publishing.promise
    const stopped = relay.stop()
    gate.resolve()
    await stopped
    expect(await drained).toMatchObject({ published: 1 })
    expect(said).toEqual(['published', 'closed'])
  })
})

describe('health', () => {
  test('counts what is pending', async () => {
    const { enqueue, ...adapters } = setup()
    await enqueue(3)
    expect(await new Relay(adapters).health()).toMatchObject({ alive: false, pending: 3, storageError: null })
  })

  test('answers too while the database is away, and says why it cannot count', async () => {
    const { storage, publisher } = setup()
    const relay = new Relay({ storage: { ...storage, count: fails }, publisher })
    const storageError = { code: 'STORAGE_LOCKED', message: 'on purpose' }
    expect(await relay.health()).toMatchObject({ alive: false, pending: null, oldestPendingAgeMs: null, storageError })
  })
})

const classes: readonly (readonly [string, new (options: never) => object])[] = [
  ['Relay', Relay],
  ['Outbox', Outbox],
  ['Consumer', Consumer],
  ['Inbox', Inbox],
]

test.each(classes)('a %s without options names what is missing', (_, Class) => {
  for (const nothing of [undefined, null, {}, { messages: {} }]) {
    expect(() => new Class(nothing as never)).toThrow(ConfigurationError)
  }
})

test('has one window for the messages of a key that its publisher takes one by one', async () => {
  const { storage, publisher } = setup()
  const outbox = new Outbox({ storage })
  await outbox.transaction(async (scope) => {
    for (let i = 0; i < 20; i++) await scope.enqueue('order.told', i, { topic: 'orders', orderingKey: 'hot' })
  })
  const markPublishing = vi.fn(storage.markPublishing)
  const capabilities = { ...publisher.capabilities, atomicPerKey: false }
  const publish = vi.fn(publisher.publish)
  const relay = new Relay({
    storage: { ...storage, markPublishing },
    publisher: { ...publisher, capabilities, publish },
  })
  expect(await relay.drain()).toMatchObject({ published: 20 })
  expect(publish.mock.calls.map(([messages]) => messages.length)).toEqual(Array.from({ length: 20 }, () => 1))
  expect(markPublishing.mock.calls.map(([, tokens]) => tokens.length)).toEqual([20])
})

describe('stop', () => {
  test('of a relay that is not enabled follows its signal', async () => {
    for (const late of [true, false]) {
      const relay = new Relay({ ...setup(), enabled: false })
      const controller = new AbortController()
      if (!late) controller.abort()
      await relay.start({ signal: controller.signal })
      controller.abort()
      await relay.closed
    }
  })

  test('tells of a publisher that does not close, and can be repeated', async () => {
    const { storage, publisher } = setup()
    const error = new Error('on purpose')
    const close = async () => Promise.reject(error)
    const relay = new Relay({ storage, publisher: { ...publisher, close } })
    const told = vi.fn()
    relay.on('error', told)
    await relay.stop()
    await relay.stop()
    expect(told).toHaveBeenCalledExactlyOnceWith(error)
    await expect(relay.closed).rejects.toBe(error)
  })
})
