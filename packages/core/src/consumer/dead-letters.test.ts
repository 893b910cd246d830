import { memoryBroker, memoryInbox, memoryPublisher } from '@waybill/memory'
import { describe, expect, test } from 'vitest'
import { placed } from '../../test/consumer-harness.ts'
import { effect, memorySetup, quiet } from '../../test/memory-harness.ts'
import { PermanentError, StorageError } from '../contracts/index.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'

const ack = { type: 'ack' }
const encode = (value: unknown) => jsonSerializer.serialize(value)

describe('a message that is given up', () => {
  test('is a dead letter with its attempts before it is acknowledged, and newer ones of its key go on', async () => {
    const { consumer, broker, runtime, events, errors, letters, effects } = memorySetup()
    consumer.on('order.placed', async ({ id }, { tx }) => {
      await effect(tx, id)
      if (id === 'a1') throw new Error('never')
    })
    await consumer.start()
    const first = broker.deliver(placed('a1', { orderingKey: 'a' }))
    const second = broker.deliver(placed('a2', { orderingKey: 'a' }))
    await runtime.advance(100)
    expect(await Promise.all([first, second])).toEqual([ack, ack])
    expect(await letters()).toEqual(['a1 attempts-exhausted 2 0'])
    expect(effects()).toEqual(['a2'])
    expect(events).toEqual(['retry a1', 'dead a1', 'processed a2'])
    expect(errors).toHaveLength(2)
    await consumer.stop()
  })

  test('is tried again at once before it waits', async () => {
    const { consumer, broker, runtime, letters } = memorySetup({ immediateRetries: 1 })
    const times: number[] = []
    consumer.on('order.placed', () => {
      times.push(runtime.now())
      if (times.length < 3) throw new Error('not yet')
    })
    consumer.on('retry', ({ delayMs }) => expect([0, 100]).toContain(delayMs))
    await consumer.start()
    const disposition = broker.deliver(placed('a', {}))
    await runtime.advance(1_000)
    expect(await disposition).toEqual(ack)
    expect(times).toEqual([0, 0])
    expect(await letters()).toEqual(['a attempts-exhausted 2 0'])
    await consumer.stop()
  })

  test.each([
    ['a permanent error', placed('a'), 'rejected'],
    ['an unreadable payload', placed('a', { payload: new Uint8Array([0x7b]) }), 'unreadable'],
    ['a payload beside the schema', placed('a', { payload: encode({ id: 1 }) }), 'unreadable'],
    ['no handler', placed('a', { type: 'order.paid' }), 'no-handler'],
  ])('for %s is a dead letter at once', async (_name, message, reason) => {
    const { consumer, broker, inbox } = memorySetup()
    consumer.on('order.placed', () => Promise.reject(new PermanentError('no such customer')))
    await consumer.start()
    expect(await broker.deliver(message)).toEqual(ack)
    const [letter] = (await inbox.deadLetters?.list()) ?? []
    expect(letter).toMatchObject({ message, reason, source: { topic: 'orders' }, redriveInMs: null })
    await consumer.stop()
  })

  test('keeps what is no message, once, with its raw bytes', async () => {
    const { consumer, broker, inbox } = memorySetup()
    consumer.on('order.placed', () => undefined)
    await consumer.start()
    const raw = { body: new Uint8Array([0, 255]), headers: { a: 'b' }, key: 'k' }
    expect(await broker.deliver(undefined, { raw })).toEqual(ack)
    expect(await broker.deliver(undefined, { raw })).toEqual(ack)
    expect(await broker.deliver(undefined, { raw: { ...raw, headers: {} } })).toEqual(ack)
    const letters = (await inbox.deadLetters?.list()) ?? []
    expect(letters).toMatchObject([
      { raw, reason: 'unreadable', error: { code: 'PAYLOAD_UNREADABLE' } },
      { reason: 'unreadable' },
    ])
    expect(letters[0]?.message).toBeUndefined()
    await consumer.stop()
  })

  test('is kept even if its dedupKey fails', async () => {
    const dedupKey = (): string => {
      throw new PermanentError('no key')
    }
    const { consumer, broker, letters } = memorySetup({ dedupKey })
    consumer.on('order.placed', () => undefined)
    await consumer.start()
    expect(await broker.deliver(placed('a'))).toEqual(ack)
    expect(await letters()).toEqual(['a rejected 1 0'])
    await consumer.stop()
  })

  test('waits with its key for a database that is away, and is never acknowledged unburied', async () => {
    const inbox = memoryInbox()
    const deadLetters = inbox.deadLetters
    let away = 3
    const bury: NonNullable<typeof deadLetters>['bury'] = async (burial) => {
      if (away-- > 0) throw new StorageError('STORAGE_UNAVAILABLE', 'gone')
      await deadLetters?.bury(burial)
    }
    const broken = { ...inbox, ...(deadLetters && { deadLetters: { ...deadLetters, bury } }) }
    const { consumer, broker, runtime, errors } = memorySetup({ inbox: broken })
    consumer.on('order.placed', () => Promise.reject(new PermanentError('no')))
    await consumer.start()
    const dispositions: unknown[] = []
    const delivered = broker.deliver(placed('a')).then((disposition) => dispositions.push(disposition))
    await runtime.advance(699)
    expect(dispositions).toEqual([])
    expect(await deadLetters?.list()).toEqual([])
    await runtime.advance(1)
    await delivered
    expect(dispositions).toEqual([ack])
    expect(await deadLetters?.list()).toHaveLength(1)
    expect(errors).toHaveLength(4)
    await consumer.stop()
  })

  test('is given back if the consumer stops before it could be buried', async () => {
    const inbox = memoryInbox()
    const { deadLetters } = inbox
    const bury = () => Promise.reject(new StorageError('STORAGE_UNAVAILABLE', 'gone'))
    const broken = { ...inbox, ...(deadLetters && { deadLetters: { ...deadLetters, bury } }) }
    const { consumer, broker } = memorySetup({ inbox: broken })
    consumer.on('order.placed', () => Promise.reject(new PermanentError('no')))
    await consumer.start()
    const dispositions = [broker.deliver(placed('a')), broker.deliver(undefined)]
    await quiet()
    await consumer.stop()
    const givenBack = { type: 'retry', delayMs: 0 }
    expect(await Promise.all(dispositions)).toEqual([givenBack, givenBack])
  })
})

describe('where dead letters go', () => {
  test('can be the broker', async () => {
    const { consumer, broker, events, letters } = memorySetup({ deadLetters: 'broker' })
    consumer.on('order.placed', () => Promise.reject(new PermanentError('no such customer')))
    await consumer.start()
    const reason = 'HANDLER_FAILED: no such customer'
    expect(await broker.deliver(placed('a'))).toEqual({ type: 'reject', reason })
    expect(events).toEqual(['reject a'])
    expect(await letters()).toEqual([])
    await consumer.stop()
  })

  test('can be a topic, which is asked until it takes them', async () => {
    const topics = memoryBroker()
    let refusals = 1
    topics.onPublish = () => (refusals-- > 0 ? { type: 'unavailable', scope: 'broker' } : { type: 'accept' })
    const deadLetters = { publisher: memoryPublisher({ broker: topics }), topic: 'billing.dead' }
    const { consumer, broker, runtime, events } = memorySetup({ deadLetters })
    consumer.on('order.placed', () => Promise.reject(new PermanentError('no')))
    await consumer.start()
    const first = broker.deliver(placed('a', { headers: { tenant: 't' } }))
    await runtime.advance(100)
    expect(await first).toEqual(ack)
    const raw = { body: new Uint8Array([1, 2]), headers: {}, key: 'k' }
    expect(await broker.deliver(undefined, { raw })).toEqual(ack)
    expect(topics.log.map(({ message }) => message)).toMatchObject([
      { id: 'a', topic: 'billing.dead', headers: { tenant: 't', 'dead-letter-reason': 'rejected' } },
      { payload: raw.body, orderingKey: 'k', type: 'dead-letter.unreadable' },
    ])
    expect(events).toEqual(['dead a', 'dead undefined'])
    await consumer.stop()
  })

  test.each([
    ['ignore', ack, []],
    ['reject', { type: 'reject', reason: expect.stringMatching(/^NO_HANDLER/) as string }, ['reject a']],
    ['dead', ack, ['dead a']],
  ] as const)('of an unknown type, with %s', async (unknownType, disposition, expected) => {
    const { consumer, broker, events } = memorySetup({ unknownType })
    consumer.on('order.paid', () => undefined)
    await consumer.start()
    expect(await broker.deliver(placed('a'))).toEqual(disposition)
    expect(events).toEqual(expected)
    await consumer.stop()
  })

  test('is refused where it cannot be', () => {
    const { deadLetters: _, ...inbox } = memoryInbox()
    expect(() => memorySetup({ inbox, deadLetters: 'inbox' })).toThrow(/deadLetters = 'inbox'/)
    expect(() => memorySetup({ deadLetters: { topic: 't' } as never })).toThrow(/deadLetters = \[object\]/)
    const redriveAfter = { delayMs: -1, times: 0 }
    expect(() => memorySetup({ deadLetters: 'broker', redriveAfter })).toThrow(/delayMs = -1.*times = 0.*needs dead/)
  })
})
