import { describe, expect, test } from 'vitest'
import { placed, setup } from '../../test/consumer-harness.ts'
import { settled } from '../../test/manual-runtime.ts'

describe('order and concurrency', () => {
  test('messages of a key go one after the other, and a retry holds back its key only', async () => {
    const { consumer, broker, inbox, runtime } = setup()
    consumer.on('order.placed', (message, { tx, attempt }) => {
      if (message.id === 'a1' && attempt === 1) throw new Error('not yet')
      tx.writes.push(message.id)
    })
    await consumer.start()
    for (const id of ['a1', 'a2', 'b1']) void broker.deliver(placed(id, { orderingKey: id.slice(0, 1) }))
    await settled()
    expect(inbox.effects()).toEqual(['b1'])
    await runtime.advance(100)
    expect(inbox.effects()).toEqual(['b1', 'a1', 'a2'])
  })

  test('a second delivery of a message waits for the first', async () => {
    const { consumer, broker, inbox } = setup()
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async (_message, { tx }) => {
      tx.writes.push('effect')
      await gate.promise
    })
    await consumer.start()
    const both = [broker.deliver(placed('a')), broker.deliver(placed('a'))]
    await settled()
    gate.resolve()
    expect(await Promise.all(both)).toEqual([{ type: 'ack' }, { type: 'ack' }])
    expect(inbox.effects()).toEqual(['effect'])
  })

  test('no more handlers run at once than `concurrency`, and a waiting retry takes no place', async () => {
    const { consumer, broker, runtime } = setup({ concurrency: 2 })
    const gate = Promise.withResolvers<void>()
    const running: string[] = []
    consumer.on('order.placed', async (message, { attempt }) => {
      if (message.id === 'a' && attempt === 1) throw new Error('not yet')
      running.push(message.id)
      await gate.promise
    })
    await consumer.start()
    const all = ['a', 'b', 'c', 'd'].map((id) => broker.deliver(placed(id)))
    await settled()
    expect(running).toEqual(['b', 'c'])
    gate.resolve()
    await runtime.advance(100)
    expect(running).toEqual(['b', 'c', 'd', 'a'])
    await Promise.all(all)
  })
})

describe('a handler that does not return', () => {
  test('is aborted in time; nothing of it is committed, and the attempt counts', async () => {
    const { consumer, broker, inbox, runtime, errors } = setup({ handlerTimeoutMs: 1_000 })
    const gate = Promise.withResolvers<void>()
    const signals: AbortSignal[] = []
    consumer.on('order.placed', async (_message, { tx, signal, attempt }) => {
      signals.push(signal)
      tx.writes.push(`attempt ${attempt}`)
      if (attempt === 1) await gate.promise
    })
    await consumer.start()
    const disposition = broker.deliver(placed('a'))
    await runtime.advance(1_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(errors).toMatchObject([{ code: 'HANDLER_TIMEOUT' }])
    gate.resolve()
    await runtime.advance(100)
    expect(await disposition).toEqual({ type: 'ack' })
    expect(inbox.committed).toEqual(['receipt billing a', 'attempt 2'])
    expect(runtime.timers).toBe(0)
  })

  test('cannot commit by returning just when it is aborted', async () => {
    const { consumer, broker, inbox } = setup()
    const controller = new AbortController()
    consumer.on('order.placed', (_message, { tx }) => {
      tx.writes.push('too late')
      controller.abort(new Error('taken away'))
    })
    await consumer.start()
    expect(await broker.deliver(placed('a'), { signal: controller.signal })).toEqual({ type: 'retry', delayMs: 0 })
    expect(inbox.committed).toEqual([])
  })
})

describe('a delivery that is taken away', () => {
  test('is not begun if it still waits', async () => {
    const { consumer, broker, inbox } = setup()
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async (message, { tx }) => {
      tx.writes.push(message.id)
      await gate.promise
    })
    await consumer.start()
    const controller = new AbortController()
    const first = broker.deliver(placed('a1', { orderingKey: 'a' }))
    const second = broker.deliver(placed('a2', { orderingKey: 'a' }), { signal: controller.signal })
    controller.abort()
    gate.resolve()
    expect(await Promise.all([first, second])).toEqual([{ type: 'ack' }, { type: 'retry', delayMs: 0 }])
    expect(inbox.effects()).toEqual(['a1'])
  })

  test('is rolled back while it runs, given back while it waits for its retry, and neither counts', async () => {
    const { consumer, broker, inbox, runtime, events } = setup()
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async (message, { tx }) => {
      tx.writes.push(message.id)
      if (message.id === 'failing') throw new Error('not yet')
      await gate.promise
    })
    await consumer.start()
    const controller = new AbortController()
    const both = ['running', 'failing'].map((id) => broker.deliver(placed(id), { signal: controller.signal }))
    await settled()
    controller.abort()
    expect(await Promise.all(both)).toEqual(Array(2).fill({ type: 'retry', delayMs: 0 }))
    gate.resolve()
    await runtime.advance(1_000)
    expect(inbox.committed).toEqual([])
    expect(events).toEqual(['retry failing'])
    expect(runtime.timers).toBe(0)
  })
})
