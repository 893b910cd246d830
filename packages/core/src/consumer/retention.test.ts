import { describe, expect, test, vi } from 'vitest'
import { placed } from '../../test/consumer-harness.ts'
import { effect, memorySetup } from '../../test/memory-harness.ts'

const day = 24 * 3_600_000

describe('receipts', () => {
  test('are pruned in the background when they are old enough', async () => {
    const { consumer, broker, inbox, runtime } = memorySetup({ receiptRetentionMs: 10_000, pruneIntervalMs: 1_000 })
    const receipts = async () => await inbox.transaction(async (tx) => (await inbox.record(tx, [receipt]))[0])
    const receipt = { consumer: 'billing', key: 'a' }
    consumer.on('order.placed', ({ id }, { tx }) => effect(tx, id))
    await consumer.start()
    await broker.deliver(placed('a'))
    await runtime.advance(9_999)
    expect(await receipts()).toBe('duplicate')
    await runtime.advance(1_001)
    expect(await receipts()).toBe('recorded')
    await consumer.stop()
    expect(runtime.timers).toBe(0)
  })

  test('stay where pruning is somebody else’s, and a failure of it is an error that stops nothing', async () => {
    const failure = new Error('no rights')
    const { inbox, runtime } = memorySetup()
    const broken = { ...inbox, prune: () => Promise.reject(failure) }
    const quiet = memorySetup({ inbox: broken, pruneIntervalMs: 0 })
    const loud = memorySetup({ inbox: broken, pruneIntervalMs: 1_000, runtime })
    for (const { consumer } of [quiet, loud]) {
      consumer.on('order.placed', () => undefined)
      await consumer.start()
    }
    await quiet.runtime.advance(day)
    await runtime.advance(2_600)
    expect([quiet.errors, loud.errors]).toEqual([[], [failure, failure, failure]])
    await Promise.all([quiet.consumer.stop(), loud.consumer.stop()])
  })
})

describe('at its start a consumer', () => {
  function setup(windowMs: number | null | Error, options = {}) {
    const base = memorySetup(options)
    const warnings: string[] = []
    base.consumer.on('warning', (warning) => warnings.push(warning))
    base.consumer.on('order.placed', () => undefined)
    base.broker.source.redeliveryWindowMs = async (topics) => {
      expect(topics).toEqual(['orders'])
      if (windowMs instanceof Error) throw windowMs
      return windowMs
    }
    return { ...base, warnings }
  }

  test('is refused if the broker may deliver for longer than receipts are kept', async () => {
    const { consumer, broker } = setup(20 * day)
    const expected = { code: 'CONFIGURATION', problems: [{ option: 'receiptRetentionMs', value: 14 * day }] }
    await expect(consumer.start()).rejects.toMatchObject(expected)
    expect(broker.subscription()).toBeUndefined()
    broker.source.redeliveryWindowMs = async () => 7 * day
    await consumer.start()
    await consumer.stop()
  })

  test.each([
    ['is warned if that is allowed', 20 * day, { allowShortRetention: true }, /again for 1728000000 ms.*1209600000 ms/],
    ['is warned if the broker keeps all for ever', Number.POSITIVE_INFINITY, {}, /again for ever/],
    ['is told that it cannot be known', new Error('no rights'), {}, /does not tell.*no rights/],
  ])('%s', async (_name, windowMs, options, text) => {
    const { consumer, warnings } = setup(windowMs, options)
    await consumer.start()
    expect(warnings).toEqual([expect.stringMatching(text)])
    await consumer.stop()
  })

  test.each([null, 7 * day])('has nothing to say about %s', async (windowMs) => {
    const { consumer, warnings } = setup(windowMs)
    await consumer.start()
    expect(warnings).toEqual([])
    await consumer.stop()
  })

  test('warns on stderr where nobody listens', async () => {
    const { consumer, broker } = memorySetup()
    consumer.on('order.placed', () => undefined)
    broker.source.redeliveryWindowMs = async () => Number.POSITIVE_INFINITY
    using said = vi.spyOn(console, 'error').mockReturnValue(undefined)
    await consumer.start()
    expect(said.mock.calls).toEqual([['Waybill consumer:', expect.stringContaining('for ever')]])
    await consumer.stop()
  })
})
