import { laneCount } from '@waybill/core/lanes'
import { describe, expect, it } from 'vitest'
import { error, setup } from './lane-setup.ts'
import { message } from './messages.ts'

describe('read', () => {
  it('answers pending rows by position, up to the limit', async () => {
    const { insert, ids } = setup()
    insert(['a'], ['b'], ['c'])
    expect(await ids()).toEqual(['a', 'b', 'c'])
    expect(await ids({ limit: 2 })).toEqual(['a', 'b'])
    expect(await ids({ after: 1 })).toEqual(['b', 'c'])
    expect(await ids({ upTo: 2 })).toEqual(['a', 'b'])
    expect(await ids({ exclude: [2] })).toEqual(['a', 'c'])
  })

  it('filters by lane, topic and key', async () => {
    const { insert, ids, database } = setup()
    insert(['a', { topic: 'x', orderingKey: 'k' }], ['b', { topic: 'y', orderingKey: 'k' }], ['c', { topic: 'x' }])
    const lane = database.messages.withId('a')?.row.lane ?? -1
    expect(await ids({ onlyTopic: 'y' })).toEqual(['b'])
    expect(await ids({ skipTopics: ['x'] })).toEqual(['b'])
    expect(await ids({ skipKeys: [{ topic: 'x', key: 'k' }] })).toEqual(['b', 'c'])
    expect(await ids({ skipKeys: [{ topic: 'x', key: 'c' }] })).toEqual(['a', 'b'])
    expect(await ids({ lanes: [lane] })).toContain('a')
    expect(await ids({ lanes: Array.from({ length: laneCount }, (_, index) => index) })).toHaveLength(3)
    expect(await ids({ lanes: [] })).toEqual([])
  })

  it('shows nothing of an open transaction, and late commits at their position', async () => {
    const { insert, ids, database } = setup()
    const tx = database.begin()
    tx.insertMessages([message('late')])
    insert(['early'])
    expect(await ids()).toEqual(['early'])
    tx.commit()
    expect(await ids()).toEqual(['late', 'early'])
  })

  it('reads scheduled rows when they are due, wherever they stand, and by the clock alone', async () => {
    const { insert, read, ids, clock } = setup()
    insert(['later', { delayMs: 500 }], ['soon', { availableAt: clock.now() + 100 }], ['now'])
    expect(await ids()).toEqual(['now'])
    expect((await read()).nextAvailableAt).toBe(clock.now() + 100)
    expect((await read({ limit: 1 })).nextAvailableAt).toBeNull()
    clock.advance(500)
    expect(await ids({ after: 3 })).toEqual(['later', 'soon'])
    expect(await ids({ after: 2, limit: 2 })).toEqual(['later', 'soon'])
    expect(await ids({ upTo: 3 })).toEqual(['now'])
    clock.advance(-300)
    expect(await ids()).toEqual(['soon', 'now'])
    expect((await read()).rows[0]).toMatchObject({ scheduled: true })
  })

  it('tells what has expired', async () => {
    const { insert, read, clock } = setup()
    insert(['a', { expiresAt: clock.now() + 10 }], ['b'])
    expect((await read()).rows.map((row) => row.expired)).toEqual([false, false])
    clock.advance(10)
    expect((await read()).rows.map((row) => row.expired)).toEqual([true, false])
  })

  it('hands out rows that do not change afterwards', async () => {
    const { insert, read, store } = setup()
    insert(['a'])
    const [row] = (await read()).rows
    await store.transaction((tx) => tx.retry([{ position: 1, id: 'a' }], { attempts: 1, crashes: 0, error }))
    expect(row?.attempts).toBe(0)
    expect((await read()).rows[0]?.attempts).toBe(1)
  })
})

describe('barrier', () => {
  it('names writers until their locks are gone; a read tells their end by visibility', async () => {
    const { database, store, read } = setup()
    const [writer, other, rolledBack] = [database.begin(), database.begin(), database.begin()]
    await other.put('orders', '1', 1)
    writer.insertMessages([message('a')])
    rolledBack.insertMessages([message('b')])
    const watch = [writer.id, rolledBack.id]
    expect(await store.barrier()).toEqual({ last: 2, writers: watch })
    expect((await read({ watch })).endedWriters).toEqual([])
    writer.makeVisible()
    rolledBack.rollback()
    expect((await read({ watch })).endedWriters).toEqual(watch)
    expect(await store.barrier()).toEqual({ last: 2, writers: [writer.id] })
    writer.releaseLocks()
    expect(await store.barrier()).toEqual({ last: 2, writers: [] })
  })

  it('names a writer that waits to draw its position', async () => {
    const { database, store } = setup()
    const [first, second] = [database.begin(), database.begin()]
    first.insertMessages([message('a')])
    const waiting = second.lockIds([message('a')])
    expect(await store.barrier()).toEqual({ last: 1, writers: [first.id, second.id] })
    first.rollback()
    await waiting
    second.insertMessages([message('a')])
  })
})
