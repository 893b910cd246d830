import { describe, expect, it } from 'vitest'
import { memoryDatabase, memoryInbox } from '../src/index.ts'
import { manualClock } from './messages.ts'

function setup() {
  const clock = manualClock()
  const database = memoryDatabase({ now: clock.now })
  return { clock, database, inbox: memoryInbox({ database }) }
}

const receipt = (key: string, consumer = 'billing') => ({ consumer, key })

describe('record', () => {
  it('aligns its outcomes, also for the same receipt twice', async () => {
    const { inbox } = setup()
    await inbox.transaction((tx) => inbox.record(tx, [receipt('b')]))
    const receipts = [receipt('c'), receipt('b'), receipt('a'), receipt('c'), receipt('b', 'shipping')]
    const outcomes = await inbox.transaction((tx) => inbox.record(tx, receipts))
    expect(outcomes).toEqual(['recorded', 'duplicate', 'recorded', 'duplicate', 'recorded'])
  })

  it('waits for a transaction that records the same receipt', async () => {
    const { inbox, database } = setup()
    for (const end of ['commit', 'rollback'] as const) {
      const [first, second] = [database.begin(), database.begin()]
      expect(await inbox.record(first, [receipt(end)])).toEqual(['recorded'])
      const waiting = inbox.record(second, [receipt(end)])
      first[end]()
      expect(await waiting).toEqual([end === 'commit' ? 'duplicate' : 'recorded'])
      second.commit()
    }
  })

  it('does not deadlock two batches in opposite orders', async () => {
    const { inbox } = setup()
    const batch = [receipt('a'), receipt('b'), receipt('c')]
    const record = (receipts: typeof batch) => inbox.transaction((tx) => inbox.record(tx, receipts))
    const [first, second] = await Promise.all([record(batch), record(batch.toReversed())])
    expect([...first, ...second].filter((outcome) => outcome === 'recorded')).toHaveLength(3)
  })

  it('can be repeated after a rollback', async () => {
    const { inbox } = setup()
    const failing = inbox.transaction(async (tx) => {
      await inbox.record(tx, [receipt('a')])
      throw new Error('handler failed')
    })
    await expect(failing).rejects.toThrow('handler failed')
    expect(await inbox.transaction((tx) => inbox.record(tx, [receipt('a')]))).toEqual(['recorded'])
  })

  it('refuses a handle of another database', async () => {
    const record = setup().inbox.record(memoryDatabase().begin(), [receipt('a')])
    await expect(record).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED' })
  })
})

describe('prune', () => {
  it('removes old receipts, in batches', async () => {
    const { inbox, clock } = setup()
    const record = (key: string) => inbox.transaction((tx) => inbox.record(tx, [receipt(key)]))
    for (const key of ['a', 'b', 'c']) await record(key)
    clock.advance(100)
    await record('d')
    expect(await inbox.prune({ olderThanMs: 50, batchSize: 2 })).toBe(3)
    expect(await record('a')).toEqual(['recorded'])
    expect(await record('d')).toEqual(['duplicate'])
  })
})
