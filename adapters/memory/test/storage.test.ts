import { describe, expect, it } from 'vitest'
import { failover, memoryDatabase, memoryStorage } from '../src/index.ts'
import { manualClock, message } from './messages.ts'

const request = { limit: 100, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }
const error = { code: 'BROKER_REJECTED', message: 'no' }

function setup() {
  const clock = manualClock()
  const database = memoryDatabase({ now: clock.now })
  const storage = memoryStorage({ database, monotonicNow: clock.now })
  const insert = (...messages: Parameters<typeof message>[]) =>
    storage.transaction((tx) =>
      storage.insert(
        tx,
        messages.map((parameters) => message(...parameters)),
      ),
    )
  /** Claims until there is nothing more. */
  const claim = async () => {
    const session = await storage.join({ label: 'host', leaseMs: 30_000 })
    const { messages } = await storage.claim(session, request)
    return { session, messages }
  }
  const bury = async () => {
    const { session, messages } = await claim()
    await storage.settle(
      session,
      messages.map(({ token }) => ({ type: 'dead', token, reason: 'rejected', spendsAttempt: true, error })),
    )
    await storage.leave(session)
  }
  return { clock, database, storage, insert, claim, bury }
}

describe('insert', () => {
  it('refuses what is no transaction of its database', async () => {
    const { storage } = setup()
    const foreign = memoryDatabase().begin()
    await expect(storage.insert(foreign, [message('a')])).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED' })
    expect(() => storage.insertSync({} as typeof foreign, [message('a')])).toThrow('no transaction')
  })

  it('waits for a transaction that inserts the same id', async () => {
    const { storage, database } = setup()
    const [first, second] = [database.begin(), database.begin()]
    storage.insertSync(first, [message('a')])
    const insert = storage.insert(second, [message('a')])
    expect(() => storage.insertSync(database.begin(), [message('a')])).toThrow('Another open transaction')
    first.commit()
    await expect(insert).rejects.toMatchObject({ code: 'DUPLICATE_MESSAGE' })
  })
})

describe('transaction', () => {
  it('commits what its work did, or rolls it back', async () => {
    const { storage, database } = setup()
    await storage.transaction(async (tx) => {
      await tx.put('orders', '1', 1)
      await storage.insert(tx, [message('a')])
    })
    const failing = storage.transaction(async (tx) => {
      await tx.put('orders', '1', 2)
      throw new Error('no stock')
    })
    await expect(failing).rejects.toThrow('no stock')
    expect(database.read('orders').get('1')).toBe(1)
    expect(database.messages.pending.size).toBe(1)
    expect(database.transactions.size).toBe(0)
  })

  it('rolls back when its signal fires, and its work finds out', async () => {
    const { storage, database } = setup()
    const abort = new AbortController()
    const gate = Promise.withResolvers<void>()
    const late = Promise.withResolvers<unknown>()
    const work = storage.transaction(
      async (tx) => {
        await tx.put('orders', '1', 1)
        await gate.promise
        await tx.put('orders', '2', 2).catch(late.resolve)
      },
      { signal: abort.signal },
    )
    abort.abort(new Error('too slow'))
    await expect(work).rejects.toThrow('too slow')
    gate.resolve()
    expect(await late.promise).toMatchObject({ message: 'too slow' })
    expect(database.read('orders').size).toBe(0)
    await expect(storage.transaction(async () => 1, { signal: abort.signal })).rejects.toThrow('too slow')
  })

  it('refuses an isolation level that it does not have', async () => {
    const { storage } = setup()
    const work = storage.transaction(async () => 1, { isolation: 'serializable' })
    await expect(work).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(await storage.transaction(async () => 1, { isolation: 'read committed' })).toBe(1)
  })

  it('releases its locks after it has become visible, even if the client crashes between', async () => {
    const database = memoryDatabase()
    const schedule = async (step: string) => {
      if (step === 'commit:visible') throw new Error('crash')
    }
    const storage = memoryStorage({ database, schedule })
    const work = storage.transaction((tx) => tx.put('orders', '1', 1))
    await expect(work).rejects.toThrow('crash')
    expect(database.read('orders').get('1')).toBe(1)
    expect(database.transactions.size).toBe(0)
  })
})

describe('inspect', () => {
  it('says what stands in the way', async () => {
    const { storage, insert, claim, clock } = setup()
    await insert(['a', { orderingKey: 'k' }], ['b', { orderingKey: 'k' }], ['c', { delayMs: 500 }])
    expect(await storage.inspect('b')).toMatchObject({
      status: 'PENDING',
      owner: null,
      obstacles: [{ type: 'behind', messageId: 'a' }, { type: 'no-relay' }],
    })
    expect((await storage.inspect('c'))?.obstacles[0]).toEqual({ type: 'scheduled', dueInMs: 500 })
    expect(await storage.inspect('unknown')).toBeNull()
    const { session, messages } = await claim()
    const [first] = messages
    if (first === undefined) throw new Error('nothing was claimed')
    await storage.markPublishing(session, [first.token])
    expect(await storage.inspect('a')).toMatchObject({
      status: 'PROCESSING',
      obstacles: [],
      owner: { label: 'host', session: session.id },
    })
    expect(await storage.count()).toMatchObject({ pending: 2, processing: 1, oldestPendingAgeMs: 0 })
    await storage.settle(session, [{ type: 'retry', token: first.token, delayMs: 1000, spendsAttempt: true, error }])
    clock.advance(400)
    const held = { type: 'held', by: 'a', dueInMs: 600 }
    expect(await storage.inspect('a')).toMatchObject({
      status: 'PENDING',
      attempts: 1,
      lastError: error,
      obstacles: [held],
    })
    expect((await storage.inspect('b'))?.obstacles).toEqual([held, { type: 'behind', messageId: 'a' }])
  })
})

describe('count and prune', () => {
  it('count by status, and how long the oldest has been due', async () => {
    const { storage, insert, claim, bury, clock } = setup()
    await insert(['dead'])
    await bury()
    await insert(['a'])
    const { session, messages } = await claim()
    await storage.settle(
      session,
      messages.map(({ token }) => ({ type: 'published', token })),
    )
    await insert(['b', { delayMs: 10 }], ['c', { delayMs: 1000 }])
    const counts = { pending: 2, processing: 0, published: 1, dead: 1 }
    expect(await storage.count()).toEqual({ ...counts, oldestPendingAgeMs: null })
    clock.advance(15)
    expect(await storage.count()).toEqual({ ...counts, oldestPendingAgeMs: 5 })
  })

  it('remove published history only, in batches', async () => {
    const { storage, insert, claim, clock } = setup()
    await insert(['a', { orderingKey: 'k' }], ['b', { orderingKey: 'k' }], ['c', { orderingKey: 'k' }])
    const { session, messages } = await claim()
    await storage.settle(
      session,
      messages.map(({ token }) => ({ type: 'published', token })),
    )
    await insert(['d'])
    clock.advance(100)
    expect(await storage.prune({ olderThanMs: 101 })).toBe(0)
    expect(await storage.prune({ olderThanMs: 100, batchSize: 2 })).toBe(3)
    expect(await storage.count()).toMatchObject({ pending: 1, published: 0 })
    const wrong = storage.prune({ olderThanMs: -1, batchSize: 0 })
    await expect(wrong).rejects.toMatchObject({ code: 'CONFIGURATION', problems: [{}, {}] })
    await expect(storage.prune({ olderThanMs: 0, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    )
  })
})

describe('dead letters', () => {
  it('are listed, redriven at the end of their key and discarded', async () => {
    const { storage, insert, bury, claim, clock } = setup()
    await insert(['a', { orderingKey: 'k', expiresAt: clock.now() + 5 }], ['b', { orderingKey: 'k', type: 'x' }])
    await bury()
    const [first] = await storage.deadLetters.list({ limit: 1 })
    expect(first).toMatchObject({ message: { id: 'a' }, reason: 'rejected', attempts: 1, error, diedAt: clock.now() })
    await insert(['c', { orderingKey: 'k' }])
    expect(await storage.deadLetters.list({ reason: 'expired' })).toEqual([])
    expect(await storage.deadLetters.redrive({ ids: ['a'], topic: 'orders', orderingKey: 'k' })).toBe(1)
    expect(await storage.deadLetters.discard({ type: 'x' })).toBe(1)
    const { messages } = await claim()
    expect(messages.map(({ message: { id }, attempt }) => [id, attempt])).toEqual([
      ['c', 1],
      ['a', 1],
    ])
    expect(messages[1]?.message.expiresAt).toBeUndefined()
    expect(await storage.inspect('b')).toBeNull()
  })

  it('are not all taken by an empty filter', async () => {
    const { storage, insert, bury } = setup()
    await insert(['a'])
    await bury()
    await expect(storage.deadLetters.redrive({})).rejects.toMatchObject({ code: 'CONFIGURATION' })
    await expect(storage.deadLetters.discard({})).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(await storage.deadLetters.discard({ all: true })).toBe(1)
  })
})

describe('failover', () => {
  it('forgets settlements without a durable commit after them', async () => {
    const { storage, insert, claim, database } = setup()
    await insert(['a', { orderingKey: 'k' }], ['b', { orderingKey: 'k' }])
    const { session, messages } = await claim()
    for (const { token } of messages) await storage.settle(session, [{ type: 'published', token }])
    failover(database, { survivors: 1 })
    expect(await storage.count()).toMatchObject({ pending: 1, published: 1 })
    expect((await storage.inspect('b'))?.status).toBe('PENDING')
    failover(database)
    expect((await storage.inspect('a'))?.status).toBe('PUBLISHED')
  })

  it('keeps settlements that the next window made durable', async () => {
    const { storage, insert, claim, database } = setup()
    await insert(['a'])
    const { session, messages } = await claim()
    await storage.settle(
      session,
      messages.map(({ token }) => ({ type: 'published', token })),
    )
    await storage.markPublishing(session, [])
    failover(database)
    expect((await storage.inspect('a'))?.status).toBe('PUBLISHED')
  })

  it('draws positions twice, changes the epoch and aborts what is open', async () => {
    const { storage, database, insert } = setup()
    const open = database.begin()
    await insert(['a'])
    const lost = database.begin()
    storage.insertSync(lost, [message('lost')])
    lost.makeVisible({ durable: false })
    storage.insertSync(open, [message('open')])
    const lane = storage.transaction(async (tx) => tx.lock('orders', '1'))
    const epoch = database.epoch
    failover(database)
    expect(database.epoch).not.toBe(epoch)
    expect(await storage.inspect('lost')).toBeNull()
    await expect(storage.insert(open, [message('b')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await expect(lane).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await insert(['b'])
    expect(database.messages.withId('b')?.row.position).toBe(2)
  })

  it('rolls back a lane transaction and lets the next one begin', async () => {
    const { storage, database } = setup()
    const session = await storage.join({ label: 'host', leaseMs: 1000 })
    const [started, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const open = database.lanes.exclusive(async (turn) => {
      turn.delete(database.lanes.relays, session.id)
      started.resolve()
      await gate.promise
    })
    await started.promise
    failover(database)
    expect((await storage.renew(session)).held).toBe(true)
    gate.resolve()
    await expect(open).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })
})
