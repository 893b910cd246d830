import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { placed, setup } from '../../test/consumer-harness.ts'
import { settled } from '../../test/manual-runtime.ts'
import { defineMessages } from '../catalogue/define-messages.ts'

describe('stop', () => {
  test('waits for running handlers, gives back the rest, and leaves', async () => {
    const { consumer, broker, inbox, runtime, errors } = setup()
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async (message, { tx }) => {
      tx.writes.push(message.id)
      if (message.id === 'failing') throw new Error('not yet')
      await gate.promise
    })
    await consumer.start()
    const all = [placed('a1', { orderingKey: 'a' }), placed('a2', { orderingKey: 'a' }), placed('failing')]
    const dispositions = Promise.all(all.map((message) => broker.deliver(message)))
    await settled()
    const stopped = consumer.stop()
    await settled()
    expect(broker.log).toEqual(['pause'])
    expect(await broker.deliver(placed('late'))).toEqual({ type: 'retry', delayMs: 0 })
    gate.resolve()
    await stopped
    const given = { type: 'retry', delayMs: 0 }
    expect(await dispositions).toEqual([{ type: 'ack' }, given, given])
    expect(inbox.effects()).toEqual(['a1'])
    expect(broker.log).toEqual(['pause', 'dispose', 'close'])
    expect(errors).toHaveLength(1)
    await consumer.closed
    await consumer.stop()
    expect(runtime.timers).toBe(0)
  })

  test('aborts handlers that take too long, and says so', async () => {
    const { consumer, broker, inbox, runtime, errors } = setup({ shutdownTimeoutMs: 500 })
    consumer.on('order.placed', async (_message, { tx }) => {
      tx.writes.push('effect')
      await new Promise(() => undefined)
    })
    await consumer.start()
    const disposition = broker.deliver(placed('a'))
    await settled()
    const stopped = consumer.stop()
    await runtime.advance(500)
    await stopped
    expect(await disposition).toEqual({ type: 'retry', delayMs: 0 })
    expect(inbox.committed).toEqual([])
    expect(errors).toMatchObject([{ code: 'SHUTDOWN_TIMEOUT' }])
  })

  test('ends in time even if the broker does not let go', async () => {
    const { consumer, broker, runtime } = setup({ shutdownTimeoutMs: 500 })
    consumer.on('order.placed', () => undefined)
    broker.source.close = () => new Promise(() => undefined)
    await consumer.start()
    const stopped = expect(consumer.stop()).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
    await runtime.advance(1_500)
    await stopped
    await expect(consumer.closed).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
  })

  test('follows the signal given to start, and `await using`', async () => {
    const { consumer, broker } = setup()
    consumer.on('order.placed', () => undefined)
    const controller = new AbortController()
    await consumer.start({ signal: controller.signal })
    controller.abort()
    await consumer.closed
    expect(broker.log).toEqual(['pause', 'dispose', 'close'])
    const second = setup()
    {
      await using used = second.consumer
      used.on('order.placed', () => undefined)
    }
    expect(second.broker.log).toEqual(['close'])
  })
})

test('a subscription that ends by itself ends the consumer with its error', async () => {
  const { consumer, broker, errors } = setup()
  consumer.on('order.placed', () => undefined)
  await consumer.start()
  const failure = new Error('the group was deleted')
  broker.closed.reject(failure)
  await expect(consumer.closed).rejects.toBe(failure)
  expect(errors).toEqual([failure])
  expect(broker.log).toEqual(['pause', 'dispose', 'close'])
})

describe('refuses', () => {
  test('wrong options, all at once', () => {
    const wrong = { name: '', maxInFlight: 5, handlerTimeoutMs: 0, unknownType: 'drop' as 'ignore' }
    expect(() => setup(wrong)).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        problems: ['name', 'group', 'handlerTimeoutMs', 'maxInFlight', 'unknownType'].map(
          (option) => expect.objectContaining({ option }) as unknown,
        ),
      }) as Error,
    )
    const reserved = defineMessages({ error: { topic: 't', schema: z.unknown() } })
    expect(() => setup({ messages: reserved as never })).toThrow(/messages = 'error': has the name of an event/)
  })

  test('a second handler of a type, and a type that is not in the catalogue', () => {
    const { consumer } = setup()
    const stop = consumer.on('order.placed', () => undefined)
    expect(() => consumer.on('order.placed', () => undefined)).toThrow(/has a handler already/)
    stop()
    consumer.on('order.placed', () => undefined)
    expect(() => consumer.on('order.plced' as 'order.placed', () => undefined)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_TYPE' }) as Error,
    )
  })

  test('to start with nothing to do, or twice', async () => {
    const { consumer } = setup()
    await expect(consumer.start()).rejects.toMatchObject({ code: 'CONFIGURATION' })
    consumer.on('order.placed', () => undefined)
    await consumer.start()
    await expect(consumer.start()).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    await consumer.stop()
    await expect(consumer.start()).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  })
})

test('a start that fails can be repeated', async () => {
  const { consumer, broker } = setup()
  consumer.on('order.placed', () => undefined)
  const { consume } = broker.source
  broker.source.consume = () => Promise.reject(new Error('no broker'))
  await expect(consumer.start()).rejects.toThrow('no broker')
  broker.source.consume = consume
  await consumer.start()
  expect(await broker.deliver(placed('a'))).toEqual({ type: 'ack' })
  await consumer.stop()
})
