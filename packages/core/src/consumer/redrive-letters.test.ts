import { describe, expect, test } from 'vitest'
import { placed } from '../../test/consumer-harness.ts'
import { effect, memorySetup, quiet } from '../../test/memory-harness.ts'
import { PermanentError } from '../contracts/index.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'

describe('a dead letter', () => {
  test('that is redriven takes effect once, in one transaction with its removal', async () => {
    const { consumer, broker, inbox, runtime, letters, effects, events } = memorySetup()
    let broken = true
    consumer.on('order.placed', async ({ id }, { tx, attempt }) => {
      if (broken) throw new PermanentError('not yet')
      expect(attempt).toBe(1)
      await effect(tx, id)
    })
    await consumer.start()
    await broker.deliver(placed('a'))
    broken = false
    await inbox.deadLetters?.redrive({ keys: ['a'] })
    await runtime.advance(4_999)
    expect(effects()).toEqual([])
    await runtime.advance(1)
    expect(effects()).toEqual(['a'])
    expect(await letters()).toEqual([])
    expect(await broker.deliver(placed('a'))).toEqual({ type: 'ack' })
    expect(events).toEqual(['dead a', 'processed a', 'duplicate a'])
    await consumer.stop()
    expect(runtime.timers).toBe(0)
  })

  test('that fails again is buried again, with all its attempts', async () => {
    const { consumer, broker, inbox, runtime, letters } = memorySetup()
    consumer.on('order.placed', () => Promise.reject(new Error('never')))
    await consumer.start()
    const disposition = broker.deliver(placed('a'))
    await runtime.advance(100)
    await disposition
    await inbox.deadLetters?.redrive({ all: true })
    await runtime.advance(10_000)
    expect(await letters()).toEqual(['a attempts-exhausted 4 1'])
    await consumer.stop()
  })

  test('gives the handler an edited payload, and keeps the original', async () => {
    const { consumer, broker, inbox, runtime, letters } = memorySetup()
    const seen: number[] = []
    consumer.on('order.placed', ({ payload }) => {
      seen.push(payload.n)
      if (payload.n < 7) throw new PermanentError('too few')
    })
    await consumer.start()
    await broker.deliver(placed('a'))
    const receipt = { consumer: 'billing', key: 'a' }
    const edit = async (n: string) => {
      await inbox.deadLetters?.edit(receipt, jsonSerializer.serialize({ id: 'a', n }))
      await inbox.deadLetters?.redrive({ all: true })
      await runtime.advance(5_000)
    }
    await edit('6')
    const [letter] = (await inbox.deadLetters?.list()) ?? []
    expect(letter?.message?.payload).toEqual(placed('a').payload)
    await edit('7')
    expect(seen).toEqual([5, 6, 7])
    expect(await letters()).toEqual([])
    await consumer.stop()
  })

  test('comes back by itself as often as the policy says, and at once when it is due', async () => {
    const redriveAfter = { delayMs: 1_000, times: 2 }
    const { consumer, broker, runtime, letters } = memorySetup({ redriveAfter, redriveIntervalMs: 600 })
    const times: number[] = []
    consumer.on('order.placed', () => {
      times.push(runtime.now())
      throw new Error('never')
    })
    await consumer.start()
    void broker.deliver(placed('a'))
    await runtime.advance(100)
    expect(await letters()).toEqual(['a attempts-exhausted 2 1'])
    await runtime.advance(10_000)
    expect(times).toEqual([0, 100, 1_100, 1_200, 2_200, 2_300])
    expect(await letters()).toEqual(['a attempts-exhausted 6 2'])
    await consumer.stop()
  })

  test('does not come back by itself if it can never work', async () => {
    const { consumer, broker, inbox } = memorySetup({ redriveAfter: { delayMs: 1, times: 1 } })
    consumer.on('order.placed', () => Promise.reject(new PermanentError('never')))
    await consumer.start()
    await broker.deliver(placed('a'))
    expect(await inbox.deadLetters?.list()).toMatchObject([{ reason: 'rejected', redriveInMs: null }])
    await consumer.stop()
  })
})

describe('the dead letters of a key', () => {
  test('come back in the order of their burial, and in turn with what is delivered', async () => {
    const { consumer, broker, inbox, runtime } = memorySetup({ concurrency: 4 })
    const order: string[] = []
    let broken = true
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async ({ id }) => {
      if (broken) throw new PermanentError('not yet')
      order.push(id)
      if (id === 'new') await gate.promise
    })
    await consumer.start()
    for (const id of ['1', '2', '3']) await broker.deliver(placed(id, { orderingKey: 'a' }))
    broken = false
    const delivered = broker.deliver(placed('new', { orderingKey: 'a' }))
    await quiet()
    await inbox.deadLetters?.redrive({ all: true })
    await runtime.advance(5_000)
    expect(order).toEqual(['new'])
    gate.resolve()
    await runtime.advance(0)
    await delivered
    await runtime.advance(1)
    expect(order).toEqual(['new', '1', '2', '3'])
    await consumer.stop()
  })

  test('are handled once by two processes', async () => {
    const one = memorySetup()
    const two = one.another()
    let broken = true
    let runs = 0
    for (const { consumer } of [one, two]) {
      consumer.on('order.placed', async ({ id }, { tx }) => {
        if (broken) throw new PermanentError('not yet')
        runs += 1
        await effect(tx, id)
      })
      await consumer.start()
    }
    for (const id of ['1', '2', '3']) await one.broker.deliver(placed(id))
    broken = false
    await one.inbox.deadLetters?.redrive({ all: true })
    await one.runtime.advance(10_000)
    expect(one.effects()).toEqual(['1', '2', '3'])
    expect(runs).toBe(3)
    expect([...one.errors, ...two.errors]).toHaveLength(3)
    await Promise.all([one.consumer.stop(), two.consumer.stop()])
  })
})

test('a stop waits for a dead letter in hand', async () => {
  const { consumer, broker, inbox, runtime, effects } = memorySetup()
  let broken = true
  const gate = Promise.withResolvers<void>()
  consumer.on('order.placed', async ({ id }, { tx }) => {
    if (broken) throw new PermanentError('not yet')
    await gate.promise
    await effect(tx, id)
  })
  await consumer.start()
  await broker.deliver(placed('a'))
  broken = false
  await inbox.deadLetters?.redrive({ all: true })
  await runtime.advance(5_000)
  const stopped = consumer.stop()
  await quiet()
  expect(broker.log).toEqual(['pause'])
  gate.resolve()
  await stopped
  expect(effects()).toEqual(['a'])
  expect(runtime.timers).toBe(0)
})
