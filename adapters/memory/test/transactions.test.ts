import { describe, expect, it } from 'vitest'
import { memoryDatabase } from '../src/index.ts'
import { message } from './messages.ts'

function setup() {
  const database = memoryDatabase()
  return { database, first: database.begin(), second: database.begin() }
}

async function settledSoon(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  return settled
}

describe('transactions', () => {
  it('see their own writes and what others have committed', async () => {
    const { database, first, second } = setup()
    await first.put('orders', '1', { total: 5 })
    expect(first.get('orders', '1')).toEqual({ total: 5 })
    expect(second.get('orders', '1')).toBeUndefined()
    expect(database.read('orders').size).toBe(0)
    first.commit()
    expect(second.get('orders', '1')).toEqual({ total: 5 })
    expect([...second.list('orders').keys()]).toEqual(['1'])
    await second.delete('orders', '1')
    expect(second.list('orders').size).toBe(0)
    expect(database.read('orders').size).toBe(1)
  })

  it('copy the values that they are given', async () => {
    const { first } = setup()
    const order = { total: 5 }
    await first.put('orders', '1', order)
    order.total = 6
    expect(first.get('orders', '1')).toEqual({ total: 5 })
  })

  it('leave nothing when they roll back, but a gap in the positions', () => {
    const { database, first, second } = setup()
    first.insertMessages([message('a')])
    second.insertMessages([message('b')])
    first.rollback()
    second.commit()
    expect(database.messages.withId('a')).toBeUndefined()
    expect(database.messages.withId('b')?.row.position).toBe(2)
  })

  it('wait for a row that another has written, then see its result', async () => {
    const { first, second } = setup()
    await first.put('stock', 'apples', 1)
    const write = second.lock('stock', 'apples')
    expect(await settledSoon(write)).toBe(false)
    first.commit()
    await write
    expect(second.get('stock', 'apples')).toBe(1)
  })

  it('go on after a rollback of the other as if it had never been', async () => {
    const { database, first, second } = setup()
    await first.put('stock', 'apples', 1)
    const write = second.put('stock', 'apples', 2)
    first.rollback()
    await write
    second.commit()
    expect(database.read('stock').get('apples')).toBe(2)
  })

  it('wait beyond visibility, until the locks are released', async () => {
    const { database, first, second } = setup()
    await first.put('stock', 'apples', 1)
    const write = second.put('stock', 'apples', 2)
    first.makeVisible()
    expect(database.read('stock').get('apples')).toBe(1)
    expect(await settledSoon(write)).toBe(false)
    first.releaseLocks()
    await write
  })

  it('take their turn at a row in the order in which they came', async () => {
    const { database, first, second } = setup()
    const third = database.begin()
    await first.put('stock', 'apples', 1)
    const order: string[] = []
    const writes = [second, third].map(async (tx) => {
      await tx.put('stock', 'apples', tx.id)
      order.push(tx.id)
      tx.commit()
    })
    first.commit()
    await Promise.all(writes)
    expect(order).toEqual([second.id, third.id])
    expect(database.read('stock').get('apples')).toBe(third.id)
  })

  it('refuse the write that would close a deadlock', async () => {
    const { first, second } = setup()
    await first.put('stock', 'apples', 1)
    await second.put('stock', 'pears', 1)
    const waiting = first.put('stock', 'pears', 2)
    await expect(second.put('stock', 'apples', 2)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT', retryable: true })
    second.rollback()
    await waiting
    first.commit()
  })

  it('refuse everything after their end', async () => {
    const { first, second } = setup()
    first.commit()
    second.rollback()
    await expect(first.put('orders', '1', 1)).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED' })
    expect(() => first.commit()).toThrow('has ended')
    expect(() => second.insertMessages([message('a')])).toThrow('has ended')
    second.rollback()
  })

  it('keep their locks until they have ended', () => {
    expect(() => setup().first.releaseLocks()).toThrow('until it has ended')
  })
})

describe('messages in a transaction', () => {
  it('are all inserted or none', () => {
    const { database, first } = setup()
    expect(() => first.insertMessages([message('a'), message('a')])).toThrow("'a' is already in the outbox")
    first.insertMessages([message('b')])
    expect(() => first.insertMessages([message('c'), message('b')])).toThrow("'b' is already in the outbox")
    first.commit()
    expect(database.messages.pending.size).toBe(1)
  })

  it('may have positions in another order than their commits', () => {
    const { database, first, second } = setup()
    first.insertMessages([message('a')])
    second.insertMessages([message('b')])
    second.commit()
    expect(database.messages.pending.first()?.row.message.id).toBe('b')
    first.commit()
    expect(database.messages.pending.first()?.row.message.id).toBe('a')
  })

  it('keep their bytes when the caller uses its buffer again', () => {
    const { database, first } = setup()
    const payload = new Uint8Array([1, 2, 3])
    first.insertMessages([message('a', { payload })])
    first.commit()
    payload.fill(0)
    expect(database.messages.withId('a')?.row.message.payload).toEqual(new Uint8Array([1, 2, 3]))
  })

  it('start at the position asked for and refuse to grow beyond the safe integers', () => {
    const database = memoryDatabase({ firstPosition: Number.MAX_SAFE_INTEGER })
    const tx = database.begin()
    tx.insertMessages([message('a')])
    expect(() => tx.insertMessages([message('b')])).toThrow('safe integers')
  })
})
