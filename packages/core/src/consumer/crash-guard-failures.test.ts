import { type MemoryInbox, memoryInbox } from '@waybill/memory'
import { describe, expect, test } from 'vitest'
import { messages as catalogue, makeSource, placed } from '../../test/consumer-harness.ts'
import { effect, memorySetup, quiet } from '../../test/memory-harness.ts'
import { TypedEvents } from '../events/typed-events.ts'
import { resolveConsumerOptions } from './consumer-options.ts'
import type { DeliveryTerms } from './delivery-terms.ts'
import { KeyQueue } from './key-queue.ts'
import { redriveLetters } from './redrive-letters.ts'

const ack = { type: 'ack' }
const again = { redelivered: true }
const farewellMs = 1000
const never = new Promise<never>(() => undefined)
const receiptOf = (key: string) => ({ consumer: 'billing', key })
const marksOf = (inbox: MemoryInbox, key: string) => inbox.crashes.list(receiptOf(key))

/** The server ends the transactions of a process that is gone; its marks stay. */
function endProcess(inbox: MemoryInbox): void {
  for (const tx of [...inbox.database.transactions.values()]) tx.rollback()
}

describe('what ends its process', () => {
  test('is found though it fails in good order in between', async () => {
    const inbox = memoryInbox()
    const begun: number[] = []
    for (let life = 1; life <= 3; life += 1) {
      const { consumer, broker, runtime } = memorySetup({ inbox, maxCrashes: 2 })
      consumer.on('order.placed', async (_, { attempt }) => {
        begun.push(attempt)
        if (attempt === 1) throw new Error('not today')
        await never
      })
      await consumer.start()
      const delivered = broker.deliver(placed('a'), again)
      await runtime.advance(100)
      await runtime.advance(farewellMs)
      if (life <= 2) expect(await marksOf(inbox, 'a')).toHaveLength(life)
      else expect(await delivered).toEqual(ack)
      endProcess(inbox)
    }
    expect(begun).toEqual([1, 2, 1, 2])
    expect(await inbox.deadLetters.list()).toMatchObject([{ reason: 'crashes' }])
  })

  test('is found though it takes too long in between, and counts once a life', async () => {
    const inbox = memoryInbox()
    for (let life = 1; life <= 2; life += 1) {
      const { consumer, broker, runtime } = memorySetup({ inbox, maxCrashes: 2, handlerTimeoutMs: 50 })
      consumer.on('order.placed', () => never)
      await consumer.start()
      void broker.deliver(placed('a'), again)
      // Once given up, and in the middle of the next attempt.
      await runtime.advance(life === 1 ? 170 : 20)
      expect(await marksOf(inbox, 'a')).toHaveLength(life)
      endProcess(inbox)
    }
    const { consumer, broker, runtime } = memorySetup({ inbox, maxCrashes: 2 })
    consumer.on('order.placed', () => expect.unreachable())
    await consumer.start()
    const delivered = broker.deliver(placed('a'), again)
    await quiet()
    await runtime.advance(farewellMs)
    expect(await delivered).toEqual(ack)
    expect(await inbox.deadLetters.list()).toMatchObject([{ reason: 'crashes' }])
    await consumer.stop()
  })
})

describe('a handler that was given up and runs on', () => {
  test('keeps its mark until it ends, while another attempt waits', async () => {
    const inbox = memoryInbox()
    const { consumer, broker, runtime } = memorySetup({ inbox, handlerTimeoutMs: 50 })
    const overdue = Promise.withResolvers<void>()
    consumer.on('order.placed', (_, { attempt }) => (attempt === 1 ? overdue.promise : undefined))
    await consumer.start()
    const delivered = broker.deliver(placed('a'), again)
    await runtime.advance(60)
    const marks = await marksOf(inbox, 'a')
    expect(marks).toHaveLength(1)
    overdue.resolve()
    await quiet()
    expect(await marksOf(inbox, 'a')).toEqual([])
    await runtime.advance(100)
    expect(await delivered).toEqual(ack)
    await consumer.stop()
  })

  test('takes nothing away from the attempt after it, nor from what comes when all is done', async () => {
    const inbox = memoryInbox()
    const { consumer, broker, runtime } = memorySetup({ inbox, handlerTimeoutMs: 50 })
    const [overdue, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    consumer.on('order.placed', (_, { attempt }) => (attempt === 1 ? overdue.promise : second.promise))
    await consumer.start()
    const delivered = broker.deliver(placed('a'), again)
    await runtime.advance(170)
    overdue.reject(new Error('too late'))
    await quiet()
    expect(await marksOf(inbox, 'a')).toHaveLength(1)
    second.resolve()
    expect(await delivered).toEqual(ack)
    expect(await marksOf(inbox, 'a')).toEqual([])
    await consumer.stop()
  })

  test('leaves no mark when its message is given up or given back', async () => {
    for (const end of ['given up', 'given back'] as const) {
      const inbox = memoryInbox()
      const { consumer, broker, runtime } = memorySetup({ inbox, handlerTimeoutMs: 50, shutdownTimeoutMs: 10 })
      consumer.on('order.placed', () => never)
      await consumer.start()
      const delivered = broker.deliver(placed('a'), again)
      await runtime.advance(60)
      expect(await marksOf(inbox, 'a')).toHaveLength(1)
      if (end === 'given up') await runtime.advance(200)
      const stopped = consumer.stop()
      await runtime.advance(20)
      await stopped
      expect(await delivered).toEqual(end === 'given up' ? ack : { type: 'retry', delayMs: 0 })
      expect(await marksOf(inbox, 'a')).toEqual([])
    }
  })

  test('lets nothing else begin for a while if it runs alone', async () => {
    const inbox = memoryInbox()
    await inbox.crashes.begin(receiptOf('slow'), 'an earlier life')
    const { consumer, broker, runtime } = memorySetup({ inbox, handlerTimeoutMs: 50 })
    const effects = () => [...inbox.database.read('effects').keys()]
    const overdue = Promise.withResolvers<void>()
    consumer.on('order.placed', async ({ id }, { tx, attempt }) => {
      if (id === 'slow' && attempt === 1) await overdue.promise
      else await effect(tx, id)
    })
    await consumer.start()
    const delivered = [broker.deliver(placed('slow'), again)]
    await runtime.advance(10)
    delivered.push(broker.deliver(placed('other')))
    await runtime.advance(60)
    expect(effects()).toEqual([])
    overdue.resolve()
    await quiet()
    expect(effects()).toEqual(['other'])
    expect(await marksOf(inbox, 'slow')).toEqual(['an earlier life'])
    await runtime.advance(100)
    expect(await Promise.all(delivered)).toEqual([ack, ack])
    expect(await marksOf(inbox, 'slow')).toEqual([])
    await consumer.stop()
  })

  test('is not put down to a suspect that runs alone beside it', async () => {
    const inbox = memoryInbox()
    await inbox.crashes.begin(receiptOf('innocent'), 'an earlier life')
    const { consumer, broker, runtime } = memorySetup({ inbox, handlerTimeoutMs: 50 })
    consumer.on('order.placed', () => never)
    await consumer.start()
    void broker.deliver(placed('overdue'))
    await runtime.advance(60)
    void broker.deliver(placed('innocent'), again)
    await quiet()
    expect(await marksOf(inbox, 'innocent')).toEqual(['an earlier life'])
    endProcess(inbox)
  })
})

test('what a living process has in hand is not given up for its marks', async () => {
  const inbox = memoryInbox()
  const { consumer, broker, runtime, events } = memorySetup({ inbox, maxCrashes: 1 })
  consumer.on('order.placed', () => expect.unreachable())
  await consumer.start()
  await inbox.crashes.begin(receiptOf('a'), 'a process that has not heard yet')
  const handled = Promise.withResolvers<void>()
  const elsewhere = inbox.transaction(async (tx) => {
    await inbox.record(tx, [receiptOf('a')])
    await handled.promise
    await inbox.crashes.end(tx, receiptOf('a'))
  })
  await quiet()
  const delivered = broker.deliver(placed('a'), again)
  await runtime.advance(10 * farewellMs)
  expect(events).toEqual([])
  handled.resolve()
  await elsewhere
  expect(await delivered).toEqual(ack)
  expect(events).toEqual(['duplicate a'])
  await consumer.stop()
})

describe('a dead letter that several processes want', () => {
  test('keeps the mark of the one that has it', async () => {
    const inbox = memoryInbox()
    const first = memorySetup({ inbox, redriveIntervalMs: 100 })
    const { runtime } = first
    const second = first.another()
    const gate = Promise.withResolvers<void>()
    let broken = true
    first.consumer.on('order.placed', async () => {
      if (broken) throw new Error('not today')
      await gate.promise
    })
    second.consumer.on('order.placed', () => expect.unreachable())
    await first.consumer.start()
    const buried = first.broker.deliver(placed('a'))
    await runtime.advance(100)
    expect(await buried).toEqual(ack)
    broken = false
    await inbox.deadLetters.redrive({ all: true })
    await runtime.advance(100)
    const [mark] = await marksOf(inbox, 'a')
    expect(mark).toBeDefined()
    await second.consumer.start()
    await runtime.advance(1000)
    expect(await marksOf(inbox, 'a')).toEqual([mark])
    gate.resolve()
    await quiet()
    expect(await marksOf(inbox, 'a')).toEqual([])
    expect(await inbox.deadLetters.list()).toEqual([])
    await Promise.all([first.consumer.stop(), second.consumer.stop()])
  })

  test('is tried as often as any other, whatever an earlier life has left', async () => {
    const inbox = memoryInbox()
    const { consumer, broker, runtime } = memorySetup({ inbox, redriveIntervalMs: 100 })
    const attempts: number[] = []
    consumer.on('order.placed', (_, { attempt }) => {
      attempts.push(attempt)
      throw new Error('never')
    })
    await consumer.start()
    const buried = broker.deliver(placed('a'))
    await runtime.advance(100)
    expect(await buried).toEqual(ack)
    await inbox.crashes.begin(receiptOf('a'), 'an earlier life')
    await inbox.deadLetters.redrive({ all: true })
    await runtime.advance(1000)
    await quiet()
    expect(attempts).toEqual([1, 2, 1, 2])
    expect(await marksOf(inbox, 'a')).toEqual([])
    await consumer.stop()
  })

  test('is forgotten once it is no longer due', async () => {
    const inbox = memoryInbox()
    const options = resolveConsumerOptions({ name: 'billing', source: makeSource().source, inbox, messages: catalogue })
    const contended = new Map([['handled elsewhere', new Set(['a life'])]])
    const draining = new AbortController().signal
    const terms = { options, contended, draining, events: new TypedEvents('test') }
    await redriveLetters(terms as unknown as DeliveryTerms<unknown>, new KeyQueue())
    expect([...contended]).toEqual([])
  })
})
