import { setImmediate as turn } from 'node:timers/promises'
import type { LaneStore } from '@waybill/core/lanes'
import { describe, expect, it } from 'vitest'
import { plainInsert } from './database.ts'
import { storeSetup } from './store-setup.ts'

const relay = { id: 'r', label: 'relay', leaseMs: 30_000 }

async function ownerOf(store: LaneStore, lane: number): Promise<string | null | undefined> {
  return store.transaction(async (tx) => (await tx.owners())[lane])
}

describe('a lock that another connection holds', () => {
  it('is waited for without blocking the thread', async () => {
    await using test = storeSetup()
    await test.store.addRelay(relay)
    test.producer.exec('begin immediate')
    let marked = false
    const mark = test.store.mark('r', [1]).then((held) => {
      marked = held
    })
    let longestTurnMs = 0
    for (let start = performance.now(); performance.now() - start < 100; ) {
      const before = performance.now()
      await turn()
      longestTurnMs = Math.max(longestTurnMs, performance.now() - before)
    }
    expect(marked).toBe(false)
    // The driver's own wait would block for as long as its busy timeout, 5,000 ms.
    expect(longestTurnMs).toBeLessThan(2000)
    test.producer.exec('commit')
    await mark
    expect(marked).toBe(true)
  })

  it('does not keep readers from reading', async () => {
    await using test = storeSetup()
    plainInsert(test.producer, 'a')
    test.producer.exec('begin immediate')
    plainInsert(test.producer, 'b')
    expect((await test.store.transaction((tx) => tx.pending([1, 2]))).map((row) => row.message.id)).toEqual(['a'])
  })

  it('ends in STORAGE_LOCKED after the lock timeout', async () => {
    await using test = storeSetup({ lockTimeoutMs: 30 })
    await test.store.addRelay(relay)
    test.producer.exec('begin immediate')
    const locked = { code: 'STORAGE_LOCKED', retryable: true }
    await expect(test.store.mark('r', [1])).rejects.toMatchObject(locked)
    await expect(test.store.renew('r')).rejects.toMatchObject(locked)
    await expect(test.store.publish([{ position: 1, id: 'a' }])).rejects.toMatchObject(locked)
    await expect(test.store.transaction((tx) => tx.assign([1], 'r'))).rejects.toMatchObject(locked)
    test.producer.exec('rollback')
    expect(await test.store.mark('r', [1])).toBe(true)
  })
})

describe('a transaction', () => {
  it('holds no lock while its work runs, or the application’s next statement would block the thread for good', async () => {
    await using test = storeSetup()
    await test.store.addRelay(relay)
    test.producer.pragma('busy_timeout = 0')
    const owners = await test.store.transaction(async (tx) => {
      await tx.assign([1], 'r')
      plainInsert(test.producer, 'a')
      const seen = await tx.owners()
      plainInsert(test.producer, 'b')
      return seen
    })
    expect(owners[1]).toBe('r')
    expect(await ownerOf(test.store, 1)).toBe('r')
  })

  it('runs again when what it read has been changed meanwhile', async () => {
    await using test = storeSetup()
    let runs = 0
    const seen = await test.store.transaction(async (tx) => {
      const owners = await tx.owners()
      if (++runs === 1) test.producer.exec(`update waybill_lanes set owner = 'other' where lane = 1`)
      await tx.assign([2], 'r')
      return owners[1]
    })
    expect([runs, seen]).toEqual([2, 'other'])
    expect(await ownerOf(test.store, 2)).toBe('r')
  })

  it('ends in STORAGE_CONFLICT when that never ends', async () => {
    await using test = storeSetup({ lockTimeoutMs: 20 })
    let runs = 0
    const work = test.store.transaction(async (tx) => {
      await tx.owners()
      test.producer.exec(`update waybill_lanes set owner = 'other ${++runs}' where lane = 1`)
      await tx.assign([2], 'r')
    })
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_CONFLICT', retryable: true })
    expect(await ownerOf(test.store, 2)).toBeNull()
  })

  it('is not disturbed by the clock', async () => {
    await using test = storeSetup()
    const [before, after] = await test.store.transaction(async (tx) => {
      const first = await tx.now()
      let second = first
      while (second === first) second = await tx.now()
      await tx.assign([3], 'r')
      return [first, second]
    })
    expect(after).toBeGreaterThan(before ?? 0)
    expect(await ownerOf(test.store, 3)).toBe('r')
  })
})

describe('writes beside a producer', () => {
  it('leave a gap after each other', async () => {
    await using test = storeSetup({ writeGapMs: 800 })
    await test.store.addRelay(relay)
    plainInsert(test.producer, 'a')
    await test.store.mark('r', [1])
    let marked = false
    const mark = test.store.mark('r', []).then(() => {
      marked = true
    })
    await test.store.renew('r')
    expect(marked, 'a renewal never waits').toBe(false)
    await mark
  })

  it('follow each other at once when nobody else writes', async () => {
    await using test = storeSetup({ writeGapMs: 5000 })
    await test.store.addRelay(relay)
    const start = performance.now()
    for (let round = 0; round < 5; round++) await test.store.mark('r', [round])
    // Five gaps would take 25 seconds.
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
