import { memoryBroker, memoryPublisher, memoryStorage } from '@waybill/memory'
import { describe, expect, test, vi } from 'vitest'
import { Outbox } from './outbox.ts'

function setup(environment: Record<string, string> = {}, mode?: 'direct' | 'outbox') {
  const broker = memoryBroker()
  const storage = memoryStorage()
  const publisher = memoryPublisher({ broker })
  const outbox = new Outbox({ storage, publisher, environment, ...(mode && { mode }) })
  const warnings: string[] = []
  const errors: Error[] = []
  outbox.on('warning', (warning) => warnings.push(warning))
  outbox.on('error', (error) => errors.push(error))
  const arrived = () => broker.log.map(({ message }) => message?.id)
  return { broker, storage, outbox, warnings, errors, arrived }
}

const at = (id: string) => ({ id, topic: 'orders', orderingKey: 'order-1' })

describe('direct mode', () => {
  test('publishes after the commit, past the table, and says once that it gives no guarantee', async () => {
    const { outbox, storage, arrived, warnings, errors } = setup({}, 'direct')
    await outbox.transaction(async ({ enqueue, enqueueMany }) => {
      await enqueue('order.told', 1, at('a'))
      await enqueueMany([{ type: 'order.told', payload: 2, ...at('b') }])
      expect(arrived()).toEqual([])
    })
    expect(arrived()).toEqual(['a', 'b'])
    await outbox.transaction(({ enqueue }) => enqueue('order.told', 3, at('c')))
    expect(arrived()).toEqual(['a', 'b', 'c'])
    expect(await storage.count()).toMatchObject({ pending: 0, published: 0 })
    expect(outbox.mode).toBe('direct')
    expect([warnings.length, errors]).toEqual([1, []])
  })

  test('publishes what a transaction of the caller wrote when the caller says that it has committed', async () => {
    const { outbox, storage, arrived } = setup({}, 'direct')
    const tx = await storage.transaction(async (opened) => {
      await outbox.enqueue(opened, 'order.told', 1, at('a'))
      return opened
    })
    expect(arrived()).toEqual([])
    await outbox.committed(tx)
    await outbox.committed(tx)
    expect(arrived()).toEqual(['a'])
  })

  test('publishes nothing of a transaction that has rolled back, not even when its handle is used again', async () => {
    const { outbox, storage, arrived } = setup({}, 'direct')
    const failure = new Error('no')
    const failed = outbox.transaction(async ({ enqueue }) => {
      await enqueue('order.told', 1, at('a'))
      throw failure
    })
    await expect(failed).rejects.toBe(failure)
    await storage.transaction(async (tx) => {
      await outbox.enqueue(tx, 'order.told', 1, at('b'))
      outbox.rolledBack(tx)
      await outbox.enqueue(tx, 'order.told', 1, at('c'))
      await outbox.committed(tx)
    })
    expect(arrived()).toEqual(['c'])
  })

  test('reports what the broker did not take, and does not fail the transaction for it', async () => {
    const { outbox, broker, errors } = setup({}, 'direct')
    const unpublished: string[] = []
    outbox.on('unpublished', ({ message }) => unpublished.push(message.id))
    broker.onPublish = ({ id }) => (id === 'a' ? { type: 'reject' } : { type: 'accept' })
    await outbox.transaction(({ enqueue }) => enqueue('order.told', 1, at('a')))
    expect(unpublished).toEqual(['a'])
    expect(errors[0]?.message).toMatch(/'order.told' with id 'a' was not published after its commit \(rejected\)/)
  })

  test.each(['delayMs', 'availableAt'])('refuses %s, which nothing would remember', async (option) => {
    const { outbox, storage } = setup({}, 'direct')
    const enqueued = storage.transaction((tx) =>
      outbox.enqueue(tx, 'order.told', 1, { ...at('a'), [option]: 1_000_000_000_000 }),
    )
    await expect(enqueued).rejects.toMatchObject({ code: 'CONFIGURATION', problems: [{ option }] })
  })

  test('warns on stderr where nobody listens', async () => {
    const storage = memoryStorage()
    const outbox = new Outbox({ storage, publisher: memoryPublisher(), mode: 'direct' })
    using said = vi.spyOn(console, 'error').mockReturnValue(undefined)
    await outbox.transaction(({ enqueue }) => enqueue('order.told', 1, at('a')))
    expect(said.mock.calls).toEqual([['Waybill outbox:', expect.stringContaining('direct mode')]])
  })
})

describe('the mode', () => {
  test.each([
    [{ WAYBILL_OUTBOX_ENABLED: 'false' }, undefined, 'direct'],
    [{ WAYBILL_OUTBOX_ENABLED: 'true' }, undefined, 'outbox'],
    [{}, undefined, 'outbox'],
    [{ WAYBILL_OUTBOX_ENABLED: 'false' }, 'outbox', 'outbox'],
    [{ WAYBILL_OUTBOX_ENABLED: 'true' }, 'direct', 'direct'],
  ] as const)('of %o and the option %s is %s', (environment, mode, expected) => {
    expect(setup(environment, mode).outbox.mode).toBe(expected)
  })

  test('stays an outbox where there is nobody to publish by', () => {
    const environment = { WAYBILL_OUTBOX_ENABLED: 'false' }
    expect(new Outbox({ storage: memoryStorage(), environment }).mode).toBe('outbox')
  })

  test('is refused with a wrong name, a wrong variable, or without the publisher that it needs', () => {
    expect(() => setup({ WAYBILL_OUTBOX_ENABLED: 'no' })).toThrow(/WAYBILL_OUTBOX_ENABLED = 'no'/)
    expect(() => setup({}, 'indirect' as 'direct')).toThrow(/mode = 'indirect'/)
    expect(() => new Outbox({ storage: memoryStorage(), mode: 'direct' })).toThrow(/publisher = undefined/)
  })
})

test('in outbox mode committed wakes the relays of the storage, and rolledBack does nothing', async () => {
  const { outbox, storage, arrived } = setup()
  await storage.transaction(async (tx) => {
    await outbox.enqueue(tx, 'order.told', 1, at('a'))
    outbox.rolledBack(tx)
    await outbox.committed(tx)
  })
  expect(arrived()).toEqual([])
  expect(await storage.count()).toMatchObject({ pending: 1 })
})

test('within hands on the correlation of the cause, and its id where it has none', async () => {
  const { outbox, storage, broker } = setup({}, 'direct')
  const cause = { topic: 't', type: 'x', payload: new Uint8Array(), contentType: '', headers: {} }
  const facts = { ...cause, schemaVersion: 1, createdAt: 0 }
  await storage.transaction(async (tx) => {
    await outbox.within(tx, ({ enqueue }) => enqueue('order.told', 1, at('a')), { cause: { ...facts, id: 'm1' } })
    const known = { ...facts, id: 'm2', correlationId: 'process-1' }
    await outbox.within(tx, ({ enqueue }) => enqueue('order.told', 1, at('b')), { cause: known })
    const own = { ...at('c'), correlationId: 'mine' }
    await outbox.within(tx, ({ enqueue }) => enqueue('order.told', 1, own), { cause: known })
    await outbox.committed(tx)
  })
  expect(broker.log.map(({ message }) => [message?.correlationId, message?.causationId])).toEqual([
    ['m1', 'm1'],
    ['process-1', 'm2'],
    ['mine', 'm2'],
  ])
})
