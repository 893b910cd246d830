import { memoryBroker, memoryPublisher, memoryStorage } from '@waybill/memory'
import { describe, expect, test } from 'vitest'
import { placed } from '../../test/consumer-harness.ts'
import { effect, memorySetup } from '../../test/memory-harness.ts'
import { Outbox } from '../outbox/outbox.ts'
import { onWake } from '../outbox/wakeups.ts'

const told = { topic: 'answers', orderingKey: 'k' }

describe('the outbox of a handler', () => {
  function setup() {
    const base = memorySetup()
    const storage = memoryStorage({ database: base.inbox.database })
    const outbox = new Outbox({ storage })
    const wakes: string[] = []
    onWake(storage, (kind) => wakes.push(kind))
    const { inbox, runtime } = base
    const ids = async () => {
      const stored = [...inbox.database.messages.positions()].map((position) => inbox.database.messages.at(position))
      return stored.map((row) => row?.row.message)
    }
    return { ...memorySetup({ outbox }, { inbox, runtime }), wakes, ids }
  }

  test('enqueues with the effect, carries on the correlation, and wakes relays after the commit', async () => {
    const { consumer, broker, wakes, ids } = setup()
    consumer.on('order.placed', async ({ id }, { outbox, tx }) => {
      await effect(tx, id)
      await outbox.enqueue('order.answered', 1, { ...told, id: `${id}-1` })
      await outbox.enqueueMany([{ type: 'order.answered', payload: 2, ...told, id: `${id}-2` }])
      expect(wakes).toEqual([])
    })
    await consumer.start()
    await broker.deliver(placed('a', { correlationId: 'process-1' }))
    expect(await ids()).toMatchObject([
      { id: 'a-1', correlationId: 'process-1', causationId: 'a' },
      { id: 'a-2', correlationId: 'process-1', causationId: 'a' },
    ])
    expect(wakes).toEqual(['committed'])
    await broker.deliver(placed('a'))
    expect([await ids(), wakes.length]).toMatchObject([{ length: 2 }, 1])
    await consumer.stop()
  })

  test('writes nothing for a handler that fails, and ends with the time of one that is too slow', async () => {
    const { consumer, broker, runtime, wakes, ids, inbox } = setup()
    const late = Promise.withResolvers<unknown>()
    consumer.on('order.placed', async ({ id }, { outbox, signal }) => {
      await outbox.enqueue('order.answered', 1, { ...told, id: `${id}-1` })
      if (id === 'failing') throw new Error('no')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      setImmediate(() => outbox.enqueue('order.answered', 2, told).catch(late.resolve))
    })
    await consumer.start()
    void broker.deliver(placed('failing'))
    void broker.deliver(placed('slow'))
    await runtime.advance(70_000)
    expect(await late.promise).toMatchObject({ code: 'TRANSACTION_REQUIRED' })
    expect([await ids(), wakes]).toEqual([[], []])
    expect(await inbox.deadLetters?.list()).toHaveLength(2)
    await consumer.stop()
  })

  test('of direct mode publishes after the commit and before the ack', async () => {
    const answers = memoryBroker()
    const { inbox, runtime } = memorySetup()
    const storage = memoryStorage({ database: inbox.database })
    const outbox = new Outbox({ storage, mode: 'direct', publisher: memoryPublisher({ broker: answers }) })
    outbox.on('warning', () => undefined)
    const { consumer, broker } = memorySetup({ outbox }, { inbox, runtime })
    let runs = 0
    consumer.on('order.placed', async ({ id }, context) => {
      await context.outbox.enqueue('order.answered', 1, { ...told, id: `${id}-${++runs}` })
      if (runs === 1) throw new Error('not yet')
    })
    await consumer.start()
    const delivered = broker.deliver(placed('a'))
    await runtime.advance(100)
    expect(await delivered).toEqual({ type: 'ack' })
    expect(answers.log.map(({ message }) => message?.id)).toEqual(['a-2'])
    await consumer.stop()
  })

  test('is not there without one', async () => {
    const { consumer } = memorySetup()
    consumer.on('order.placed', (_message, { outbox }) => expect(outbox).toBeUndefined())
    expect(await consumer.handle(placed('a'))).toBe('processed')
  })
})

describe('middleware', () => {
  test('goes around the handler, the first outermost, inside the transaction', async () => {
    const { consumer, inbox } = memorySetup()
    const log: string[] = []
    for (const name of ['outer', 'inner']) {
      consumer.use(async (message, { tx }, next) => {
        log.push(`${name} ${message.id} ${JSON.stringify(message.payload)}`)
        await tx.put('seen', name, true)
        await next()
        log.push(`${name} ends`)
      })
    }
    consumer.on('order.placed', () => log.push('handler'))
    expect(await consumer.handle(placed('a'))).toBe('processed')
    expect(await consumer.handle(placed('a'))).toBe('duplicate')
    const payload = '{"id":"a","n":5}'
    expect(log).toEqual([`outer a ${payload}`, `inner a ${payload}`, 'handler', 'inner ends', 'outer ends'])
    expect(inbox.database.read('seen').size).toBe(2)
  })

  test('that rejects fails the message, and one that does not go on has handled it', async () => {
    const { consumer, effects } = memorySetup()
    const failure = new Error('not for this tenant')
    let mode: 'refuse' | 'skip' = 'refuse'
    consumer.use(() => {
      if (mode === 'refuse') throw failure
    })
    consumer.on('order.placed', ({ id }, { tx }) => effect(tx, id))
    await expect(consumer.handle(placed('a'))).rejects.toBe(failure)
    mode = 'skip'
    expect(await consumer.handle(placed('a'))).toBe('processed')
    expect(effects()).toEqual([])
  })
})
