import type { Delivery, Disposition } from '@waybill/core/contracts'
import { describe, expect, it } from 'vitest'
import { memoryBroker, memoryConsumer } from '../src/index.ts'
import { manualTimer, settled } from './manual-timer.ts'
import { message } from './messages.ts'

const ack: Disposition = { type: 'ack' }

function setup() {
  const time = manualTimer()
  const broker = memoryBroker({ timer: time.timer, partitions: 2 })
  const append = (...messages: Parameters<typeof message>[]) => {
    for (const parameters of messages) broker.append(message(...parameters))
  }
  /** A consumer of its own, with what it was delivered and what it wants done: nothing said means not yet. */
  const consume = async (maxInFlight = 10) => {
    const consumer = memoryConsumer({ broker })
    const open: { readonly delivery: Delivery; answer(disposition: Disposition): void }[] = []
    const subscription = await consumer.consume({ group: 'g', topics: ['orders'], maxInFlight }, (delivery) => {
      const { promise, resolve } = Promise.withResolvers<Disposition>()
      open.push({ delivery, answer: resolve })
      return promise
    })
    const ids = () => open.map(({ delivery }) => delivery.message?.id)
    const answer = async (id: string, disposition: Disposition) => {
      const index = open.findIndex(({ delivery }) => delivery.message?.id === id)
      open.splice(index, 1)[0]?.answer(disposition)
      await settled()
    }
    await settled()
    return { consumer, subscription, open, ids, answer }
  }
  return { time, broker, append, consume }
}

const k = { orderingKey: 'k' }

describe('a subscription', () => {
  it('gets messages in order, at most as many as asked for, and nothing twice once acknowledged', async () => {
    const { append, consume } = setup()
    append(['a', k], ['b', k], ['c', k])
    const { ids, answer } = await consume(2)
    expect(ids()).toEqual(['a', 'b'])
    await answer('b', ack)
    expect(ids()).toEqual(['a', 'c'])
    await answer('a', ack)
    await answer('c', ack)
    expect(ids()).toEqual([])
  })

  it('says where a delivery comes from', async () => {
    const { append, consume, broker } = setup()
    append(['a'])
    broker.appendForeign('orders', { body: new Uint8Array([1]), headers: {} })
    const { open } = await consume()
    const ours = open.find(({ delivery }) => delivery.message !== undefined)?.delivery
    expect(ours).toMatchObject({ source: { topic: 'orders', position: '0' }, redelivered: false, deliveryCount: 1 })
    expect(ours?.raw).toEqual({ body: message('a').payload, headers: {}, key: 'a' })
    expect(open.filter(({ delivery }) => delivery.message === undefined)).toHaveLength(1)
  })

  it('gets a retry after its delay, and later messages of the key after it', async () => {
    const { append, consume, time } = setup()
    append(['a', k])
    const { ids, answer, open } = await consume()
    await answer('a', { type: 'retry', delayMs: 100 })
    append(['b', k], ['other', { orderingKey: 'k2' }])
    await settled()
    expect(ids()).toEqual(['other'])
    time.advance(99)
    await settled()
    expect(ids()).toEqual(['other'])
    time.advance(1)
    await settled()
    expect(ids()).toEqual(['other', 'a', 'b'])
    expect(open[1]?.delivery).toMatchObject({ redelivered: true, deliveryCount: 2 })
  })

  it('gets again what its handler rejected', async () => {
    const { append, broker, time } = setup()
    let calls = 0
    append(['a'])
    await memoryConsumer({ broker }).consume({ group: 'g', topics: ['orders'], maxInFlight: 1 }, async () => {
      if (++calls === 1) throw new Error('no')
      return ack
    })
    await settled()
    time.advance(0)
    await settled()
    expect(calls).toBe(2)
  })

  it('does not get again what it rejected: that is a dead letter', async () => {
    const { append, consume, broker } = setup()
    append(['a'])
    const { answer, ids } = await consume()
    await answer('a', { type: 'reject', reason: 'bad' })
    broker.rebalance('g')
    await settled()
    expect(ids()).toEqual([])
    expect(broker.deadLetters).toMatchObject([{ record: { message: { id: 'a' } }, group: 'g', reason: 'bad' }])
  })

  it('pauses and resumes', async () => {
    const { append, consume } = setup()
    const { subscription, ids } = await consume()
    subscription.pause()
    append(['a'])
    await settled()
    expect(ids()).toEqual([])
    subscription.resume()
    await settled()
    expect(ids()).toEqual(['a'])
  })

  it('waits for what is in flight when it is disposed, and gives the rest back', async () => {
    const { append, consume } = setup()
    append(['a', k], ['b', k])
    const first = await consume(1)
    const disposed = first.subscription[Symbol.asyncDispose]()
    const second = await consume()
    expect(second.ids()).toEqual([])
    await first.answer('a', ack)
    await disposed
    await first.subscription.closed
    await settled()
    expect(second.ids()).toEqual(['b'])
  })
})

describe('a group', () => {
  it('delivers each message to one member, and all to each group', async () => {
    const { append, consume, broker } = setup()
    const [first, second] = [await consume(), await consume()]
    const others: string[] = []
    await memoryConsumer({ broker }).consume({ group: 'other', topics: ['orders'], maxInFlight: 9 }, async (one) => {
      others.push(one.message?.id ?? '')
      return ack
    })
    const names = Array.from({ length: 8 }, (_, index) => `m${index}`)
    append(...names.map((id): [string] => [id]))
    await settled()
    expect([...first.ids(), ...second.ids()].toSorted()).toEqual(names)
    expect(first.ids()).not.toEqual([])
    expect(second.ids()).not.toEqual([])
    expect(others.toSorted()).toEqual(names)
  })

  it('takes partitions away in a rebalance, and delivers again from the committed offset', async () => {
    const { append, consume, broker } = setup()
    append(['a', k], ['b', k], ['c', k])
    const only = await consume()
    await only.answer('b', ack)
    const [a] = only.open
    broker.rebalance('g')
    await settled()
    expect(a?.delivery.signal.aborted).toBe(true)
    expect(only.ids()).toEqual(['a', 'c', 'a', 'b', 'c'])
    expect(only.open.at(-1)?.delivery).toMatchObject({ redelivered: true, deliveryCount: 2 })
    a?.answer(ack)
    broker.rebalance('g')
    await settled()
    expect(only.ids().filter((id) => id === 'a')).toHaveLength(3)
  })

  it('moves partitions to another member', async () => {
    const { append, consume, broker } = setup()
    const [first, second] = [await consume(), await consume()]
    append(['a', k])
    await settled()
    const [before, after] = first.ids().length > 0 ? [first, second] : [second, first]
    broker.rebalance('g')
    await settled()
    expect(before.open[0]?.delivery.signal.aborted).toBe(true)
    expect(after.ids()).toEqual(['a'])
  })

  it('delivers elsewhere what a crashed member had in flight', async () => {
    const { append, consume } = setup()
    append(['a', k])
    const first = await consume()
    const second = await consume()
    first.consumer.crash()
    await first.answer('a', ack)
    expect(second.ids()).toContain('a')
    await expect(first.subscription.closed).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })

  it('delivers an acknowledged message again when told to', async () => {
    const { append, consume, broker } = setup()
    append(['a'])
    const { answer, ids, open } = await consume()
    await answer('a', ack)
    broker.redeliver('a')
    await settled()
    expect(ids()).toEqual(['a'])
    expect(open[0]?.delivery.redelivered).toBe(true)
    await answer('a', ack)
    expect(ids()).toEqual([])
  })
})
