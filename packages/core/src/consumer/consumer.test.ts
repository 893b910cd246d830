import { describe, expect, test } from 'vitest'
import { makeInbox, makeSource, placed, setup } from '../../test/consumer-harness.ts'
import { type Message, PermanentError, StorageError } from '../contracts/index.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { Consumer } from './consumer.ts'

describe('a message', () => {
  test('takes effect once, with its receipt, and is then acknowledged', async () => {
    const { consumer, broker, inbox, events, errors } = setup()
    consumer.on('order.placed', (message, { tx, attempt }) => {
      tx.writes.push(`${message.payload.n + 1} of ${message.id}, attempt ${attempt}`)
    })
    await consumer.start()
    expect(broker.subscription()).toEqual({ group: 'billing', topics: ['orders'], maxInFlight: 100 })
    expect(await broker.deliver(placed('a'))).toEqual({ type: 'ack' })
    expect(inbox.committed).toEqual(['receipt billing a', '6 of a, attempt 1'])
    expect(await broker.deliver(placed('a'))).toEqual({ type: 'ack' })
    expect(inbox.effects()).toEqual(['6 of a, attempt 1'])
    expect(events).toEqual(['processed a', 'duplicate a'])
    expect(errors).toEqual([])
  })

  test('that fails is rolled back with its receipt and tried again with backoff', async () => {
    const { consumer, broker, inbox, runtime, events, errors } = setup()
    let calls = 0
    consumer.on('order.placed', (_message, { tx, attempt }) => {
      tx.writes.push(`attempt ${attempt}`)
      if (++calls < 3) throw new Error('not yet')
    })
    await consumer.start()
    const disposition = broker.deliver(placed('a'))
    await runtime.advance(99)
    expect(calls).toBe(1)
    await runtime.advance(1)
    expect(calls).toBe(2)
    await runtime.advance(200)
    expect(await disposition).toEqual({ type: 'ack' })
    expect(inbox.committed).toEqual(['receipt billing a', 'attempt 3'])
    expect(events).toEqual(['retry a', 'retry a', 'processed a'])
    expect(errors).toMatchObject([{ code: 'HANDLER_FAILED', cause: { message: 'not yet' } }, {}])
    expect(runtime.timers).toBe(0)
  })

  test('that fails to the end is rejected with its reason', async () => {
    const { consumer, broker, inbox, runtime, events, errors } = setup()
    consumer.on('order.placed', () => Promise.reject(new Error('never')))
    await consumer.start()
    const disposition = broker.deliver(placed('a'))
    await runtime.advance(300)
    const reason = "HANDLER_FAILED: The handler of 'order.placed' failed on message 'a', attempt 3: never"
    expect(await disposition).toEqual({ type: 'reject', reason })
    expect(inbox.committed).toEqual([])
    expect(events).toEqual(['retry a', 'retry a', 'reject a'])
    expect(errors).toHaveLength(3)
  })

  test.each<[string, Message, string]>([
    [
      'with a payload beside the schema',
      placed('a', { payload: jsonSerializer.serialize({ id: 1 }) }),
      'SCHEMA_MISMATCH',
    ],
    ['with unreadable bytes', placed('a', { payload: new Uint8Array([0x7b]) }), 'PAYLOAD_UNREADABLE'],
    ['of a newer version', placed('a', { schemaVersion: 2 }), 'SCHEMA_MISMATCH'],
    ['without a handler', placed('a', { type: 'order.paid' }), 'NO_HANDLER'],
  ])('%s is rejected at once', async (_name, message, code) => {
    const { consumer, broker, inbox, events } = setup()
    consumer.on('order.placed', (_message, { tx }) => tx.writes.push('must not be called'))
    await consumer.start()
    expect(await broker.deliver(message)).toEqual({
      type: 'reject',
      reason: expect.stringMatching(`^${code}: `) as string,
    })
    expect(events).toEqual(['reject a'])
    expect(inbox.committed).toEqual([])
  })

  test('whose handler says that it can never work is rejected at once', async () => {
    const { consumer, broker } = setup()
    consumer.on('order.placed', () => {
      throw new PermanentError('no such customer')
    })
    await consumer.start()
    expect(await broker.deliver(placed('a'))).toEqual({ type: 'reject', reason: 'HANDLER_FAILED: no such customer' })
  })

  test('that is none of ours is rejected', async () => {
    const { consumer, broker, errors } = setup()
    consumer.on('order.placed', () => undefined)
    await consumer.start()
    expect(await broker.deliver(undefined)).toMatchObject({ type: 'reject' })
    expect(errors).toMatchObject([{ code: 'PAYLOAD_UNREADABLE' }])
  })

  test('of an unknown type can be ignored instead', async () => {
    const { consumer, broker, events } = setup({ unknownType: 'ignore' })
    consumer.on('order.placed', () => undefined)
    await consumer.start()
    expect(await broker.deliver(placed('a', { type: 'order.paid' }))).toEqual({ type: 'ack' })
    expect(events).toEqual([])
  })
})

test('a database that cannot be used spends no attempts', async () => {
  const { consumer, broker, inbox, runtime, errors } = setup()
  consumer.on('order.placed', (_message, { tx, attempt }) => tx.writes.push(`attempt ${attempt}`))
  await consumer.start()
  inbox.failures.push(...Array.from({ length: 6 }, () => new StorageError('STORAGE_UNAVAILABLE', 'gone')))
  const disposition = broker.deliver(placed('a'))
  await runtime.advance(60_000)
  expect(await disposition).toEqual({ type: 'ack' })
  expect(inbox.effects()).toEqual(['attempt 1'])
  expect(errors).toHaveLength(6)
})

describe('handle, for tests', () => {
  test('applies a message once and tells what became of it', async () => {
    const { consumer, inbox } = setup()
    consumer.on('order.placed', (message, { tx }) => tx.writes.push(message.id))
    expect(await consumer.handle(placed('a'))).toBe('processed')
    expect(await consumer.handle(placed('a'))).toBe('duplicate')
    expect(inbox.effects()).toEqual(['a'])
    await expect(consumer.handle(placed('b', { type: 'order.paid' }))).rejects.toMatchObject({ code: 'NO_HANDLER' })
    expect(await setup({ unknownType: 'ignore' }).consumer.handle(placed('a'))).toBe('ignored')
  })

  test('rejects with what the handler threw, after the rollback', async () => {
    const { consumer, inbox } = setup()
    const failure = new Error('mine')
    consumer.on('order.placed', () => Promise.reject(failure))
    await expect(consumer.handle(placed('a'))).rejects.toBe(failure)
    expect(inbox.committed).toEqual([])
  })
})

test('without a catalogue handlers get what was read, from the topics that are given', async () => {
  const inbox = makeInbox()
  const broker = makeSource()
  const consumer = new Consumer({
    name: 'billing',
    source: broker.source,
    inbox: inbox.storage,
    topics: ['x', 'x', 'y'],
  })
  const seen: unknown[] = []
  consumer.on('anything', ({ payload }) => seen.push(payload))
  await consumer.start()
  expect(broker.subscription()?.topics).toEqual(['x', 'y'])
  expect(await broker.deliver(placed('a', { type: 'anything' }))).toEqual({ type: 'ack' })
  expect(seen).toEqual([{ id: 'a', n: '5' }])
  await consumer.stop()
})
