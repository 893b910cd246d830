import { memoryInbox } from '@waybill/memory'
import { describe, expect, test } from 'vitest'
import { placed } from '../../test/consumer-harness.ts'
import { effect, memorySetup, quiet } from '../../test/memory-harness.ts'
import { type CrashMarks, StorageError } from '../contracts/index.ts'

const ack = { type: 'ack' }
/** How long a process waits for others to take their marks away. */
const farewellMs = 1000
const again = { redelivered: true }
const receiptOf = (key: string) => ({ consumer: 'billing', key })

/** An inbox that tells what is asked of its crash marks, and fails as it is told. */
function watchedInbox() {
  const inbox = memoryInbox()
  const calls: string[] = []
  const failures: string[] = []
  const watched = (marks: CrashMarks<never>): CrashMarks<never> => {
    const call = async <T>(name: string, key: string, work: () => Promise<T>): Promise<T> => {
      calls.push(`${name} ${key}`)
      const isLost = failures[0] === `${name} answer`
      if (failures[0] !== name && !isLost) return await work()
      failures.shift()
      if (isLost) await work()
      throw new StorageError('STORAGE_UNAVAILABLE', 'gone')
    }
    return {
      list: (receipt) => call('list', receipt.key, () => marks.list(receipt)),
      begin: (receipt, name) => call('begin', receipt.key, () => marks.begin(receipt, name)),
      withdraw: (receipt, name) => call('withdraw', receipt.key, () => marks.withdraw(receipt, name)),
      end: (tx, receipt) => call('end', receipt.key, () => marks.end(tx, receipt)),
      forget: (receipt) => call('forget', receipt.key, () => marks.forget(receipt)),
    }
  }
  const crashes = inbox.crashes && watched(inbox.crashes as CrashMarks<never>)
  return { inbox: { ...inbox, ...(crashes && { crashes: crashes as typeof inbox.crashes }) }, calls, failures }
}

/** As a process that has ended in the middle of these handlers leaves it. */
async function crash(inbox: Marked, times: number, key: string): Promise<void> {
  for (let time = 0; time < times; time += 1) await inbox.crashes?.begin(receiptOf(key), `a life ${++lives}`)
}

let lives = 0

interface Marked {
  readonly crashes?: CrashMarks<never>
}

async function count(inbox: Marked, key: string): Promise<number | undefined> {
  return (await inbox.crashes?.list(receiptOf(key)))?.length
}

describe('a delivery', () => {
  test('that is new is not marked', async () => {
    const { inbox, calls } = watchedInbox()
    const { consumer, broker } = memorySetup({ inbox })
    consumer.on('order.placed', () => undefined)
    await consumer.start()
    expect(await broker.deliver(placed('a'))).toEqual(ack)
    expect(calls).toEqual([])
    await consumer.stop()
  })

  test('that may have been here before is marked while it runs', async () => {
    const { inbox, calls } = watchedInbox()
    const { consumer, broker } = memorySetup({ inbox })
    const marks: unknown[] = []
    consumer.on('order.placed', async ({ id }) => marks.push(await count(inbox, id)))
    await consumer.start()
    expect(await broker.deliver(placed('a'), again)).toEqual(ack)
    expect(marks).toEqual([1])
    expect(await count(inbox, 'a')).toBe(0)
    expect(await broker.deliver(placed('a'), again)).toEqual(ack)
    expect(await count(inbox, 'a')).toBe(0)
    expect(calls.slice(0, 4)).toEqual(['list a', 'begin a', 'list a', 'end a'])
    await consumer.stop()
  })

  test('that fails leaves no mark, also where its mark could not be taken away at first', async () => {
    const { inbox, calls, failures } = watchedInbox()
    failures.push('withdraw')
    const { consumer, broker, runtime, letters } = memorySetup({ inbox })
    consumer.on('order.placed', () => Promise.reject(new Error('never')))
    await consumer.start()
    const disposition = broker.deliver(placed('a'), again)
    await runtime.advance(100)
    expect(await disposition).toEqual(ack)
    expect(calls).toEqual(['list a', 'begin a', 'withdraw a', 'list a', 'begin a', 'withdraw a', 'forget a'])
    expect(await count(inbox, 'a')).toBe(0)
    await consumer.stop()
    expect(await letters()).toEqual([])
    expect(await inbox.deadLetters?.list()).toHaveLength(1)
  })

  test('waits for a database that cannot mark it', async () => {
    const { inbox, failures } = watchedInbox()
    failures.push('list', 'begin')
    const { consumer, broker, runtime } = memorySetup({ inbox })
    let runs = 0
    consumer.on('order.placed', () => ++runs)
    await consumer.start()
    const disposition = broker.deliver(placed('a'), again)
    await runtime.advance(299)
    expect(runs).toBe(0)
    await runtime.advance(1)
    expect(await disposition).toEqual(ack)
    expect(runs).toBe(1)
    await consumer.stop()
  })

  test('counts once though the answers to its mark are lost', async () => {
    const { inbox, failures } = watchedInbox()
    failures.push('begin answer', 'withdraw answer')
    const { consumer, broker, runtime } = memorySetup({ inbox })
    const marks: unknown[] = []
    consumer.on('order.placed', async ({ id }, { attempt }) => {
      marks.push(await count(inbox, id))
      if (attempt === 1) throw new Error('not today')
    })
    await consumer.start()
    const disposition = broker.deliver(placed('a'), again)
    await runtime.advance(500)
    expect(await disposition).toEqual(ack)
    expect(marks).toEqual([1, 1])
    expect(await count(inbox, 'a')).toBe(0)
    await consumer.stop()
  })

  test('that is in hand when the consumer stops leaves no mark', async () => {
    const { inbox } = watchedInbox()
    const { consumer, broker, runtime } = memorySetup({ inbox, shutdownTimeoutMs: 500 })
    consumer.on('order.placed', () => new Promise(() => undefined))
    await consumer.start()
    const disposition = broker.deliver(placed('a'), again)
    await quiet()
    const stopped = consumer.stop()
    await runtime.advance(500)
    await stopped
    expect(await disposition).toEqual({ type: 'retry', delayMs: 0 })
    expect(await count(inbox, 'a')).toBe(0)
  })
})

describe('a message with an unfinished beginning', () => {
  test('runs alone, and is marked once it does', async () => {
    const { inbox } = watchedInbox()
    const { consumer, broker } = memorySetup({ inbox })
    await crash(inbox, 1, 'suspect')
    const running = new Set<string>()
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async ({ id }, { tx }) => {
      running.add(id)
      if (id === 'suspect') expect([...running]).toEqual(['suspect'])
      if (id === 'before') await gate.promise
      await effect(tx, id)
      running.delete(id)
    })
    await consumer.start()
    const dispositions = [broker.deliver(placed('before'))]
    await quiet()
    dispositions.push(broker.deliver(placed('suspect'), again))
    await quiet()
    dispositions.push(broker.deliver(placed('after')))
    await quiet()
    expect([...running]).toEqual(['before'])
    expect(await count(inbox, 'suspect')).toBe(1)
    gate.resolve()
    expect(await Promise.all(dispositions)).toEqual([ack, ack, ack])
    expect([...inbox.database.read('effects').keys()]).toHaveLength(3)
    expect(await count(inbox, 'suspect')).toBe(0)
    await consumer.stop()
  })

  test('is a dead letter when it has too many, without another try', async () => {
    const { inbox } = watchedInbox()
    const { consumer, broker, events, runtime } = memorySetup({ inbox, maxCrashes: 2 })
    let runs = 0
    consumer.on('order.placed', () => ++runs)
    await crash(inbox, 1, 'good')
    await crash(inbox, 2, 'poison')
    await consumer.start()
    const all = ['good', 'poison'].map((id) => broker.deliver(placed(id), again))
    await quiet()
    await runtime.advance(farewellMs)
    expect(await Promise.all(all)).toEqual([ack, ack])
    expect([runs, events]).toEqual([1, ['processed good', 'dead poison']])
    expect(await inbox.deadLetters?.list()).toMatchObject([
      { receipt: receiptOf('poison'), reason: 'crashes', error: { code: 'HANDLER_CRASHED' }, attempts: 1 },
    ])
    const onceMore = broker.deliver(placed('poison'), again)
    await quiet()
    await runtime.advance(farewellMs)
    expect(await onceMore).toEqual(ack)
    expect([runs, events.at(-1)]).toEqual([1, 'dead poison'])
    await consumer.stop()
  })

  test('is handled if the marks go away that a process had which lost it', async () => {
    const { inbox } = watchedInbox()
    const { consumer, broker, events, runtime } = memorySetup({ inbox, maxCrashes: 2 })
    consumer.on('order.placed', () => undefined)
    await crash(inbox, 2, 'innocent')
    await consumer.start()
    const delivered = broker.deliver(placed('innocent'), again)
    await quiet()
    await inbox.crashes?.forget(receiptOf('innocent'))
    await runtime.advance(farewellMs)
    expect(await delivered).toEqual(ack)
    expect(events).toEqual(['processed innocent'])
    await consumer.stop()
  })

  test('that was redriven runs alone, and kills its process as seldom', async () => {
    const { inbox } = watchedInbox()
    const { consumer, broker, runtime } = memorySetup({ inbox, maxCrashes: 1 })
    const begun: string[] = []
    const gate = Promise.withResolvers<void>()
    consumer.on('order.placed', async ({ id }) => {
      begun.push(id)
      if (id === 'other') await gate.promise
    })
    await crash(inbox, 1, 'poison')
    await consumer.start()
    const buried = broker.deliver(placed('poison'), again)
    await quiet()
    await runtime.advance(farewellMs)
    await buried
    await inbox.deadLetters?.redrive({ all: true })
    const other = broker.deliver(placed('other'))
    await runtime.advance(5_000)
    expect(begun).toEqual(['other'])
    gate.resolve()
    await other
    // At the first look its marks might be those of a process that has it in hand.
    await runtime.advance(5_000)
    await quiet()
    expect(begun).toEqual(['other', 'poison'])
    await crash(inbox, 1, 'poison')
    await consumer.stop()
  })
})

test('innocents beside a message that ends every process are never blamed for it', async () => {
  const { inbox } = watchedInbox()
  const ids = ['a', 'b', 'poison', 'c', 'd']
  const done = new Set<string>()
  const deaths: string[] = []
  for (let life = 0; life < 12 && done.size < ids.length; life += 1) {
    const { consumer, broker, runtime } = memorySetup({ inbox, concurrency: 10 })
    consumer.on('order.placed', async ({ id }, { tx }) => {
      // Nobody of this process gets any further.
      if (id === 'poison') await new Promise(() => deaths.push(id))
      await new Promise((resolve) => setImmediate(resolve))
      if (deaths.length > life) await new Promise(() => undefined)
      await effect(tx, id)
    })
    consumer.on('dead', ({ message }) => deaths.push(`dead ${message?.id}`))
    await consumer.start()
    for (const id of ids.filter((each) => !done.has(each))) {
      const delivered = broker.deliver(placed(id), { redelivered: life > 0 })
      void delivered.then(({ type }) => type === 'ack' && done.add(id))
    }
    await quiet()
    await runtime.advance(farewellMs)
    await quiet()
    // The server ends the transactions of a process that is gone; its marks stay.
    for (const tx of [...inbox.database.transactions.values()]) tx.rollback()
  }
  expect(deaths).toEqual(['poison', 'poison', 'poison', 'poison', 'dead poison'])
  expect([...done].toSorted()).toEqual(ids.toSorted())
  expect([...inbox.database.read('effects').keys()].toSorted()).toEqual(['a', 'b', 'c', 'd'])
})
