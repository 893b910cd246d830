import { laneCount } from '@waybill/core/lanes'
import { describe, expect, it } from 'vitest'
import { memoryDatabase, memoryLaneStore } from '../src/index.ts'
import { error, readAll, setup } from './lane-setup.ts'

describe('publish', () => {
  it('addresses rows by position and id, and answers what is no longer pending', async () => {
    const { insert, ids, store, database } = setup()
    insert(['a'], ['b'])
    expect(
      await store.publish([
        { position: 1, id: 'a' },
        { position: 2, id: 'other' },
      ]),
    ).toEqual([1, 2])
    expect(await ids()).toEqual(['b'])
    expect(await store.publish([{ position: 1, id: 'a' }])).toEqual([1])
    expect(database.messages.withId('a')?.status).toBe('PUBLISHED')
  })

  it('leaves rows that an open transaction has written', async () => {
    const { insert, store } = setup()
    insert(['a'], ['b'])
    await store.transaction(async (tx) => {
      await tx.retry([{ position: 1, id: 'a' }], { attempts: 1, crashes: 0, error })
      expect(
        await store.publish([
          { position: 1, id: 'a' },
          { position: 2, id: 'b' },
        ]),
      ).toEqual([2])
    })
    expect(await store.publish([{ position: 1, id: 'a' }])).toEqual([1])
  })

  it('removes at once without retention, else when the time is over', async () => {
    const none = setup({ retentionMs: 0 })
    none.insert(['a'])
    await none.store.publish([{ position: 1, id: 'a' }])
    expect(none.database.messages.withId('a')).toBeUndefined()
    const hour = setup({ retentionMs: 3_600_000 })
    hour.insert(['a'], ['b'])
    await hour.store.publish([{ position: 1, id: 'a' }])
    hour.clock.advance(3_600_001)
    await hour.store.publish([{ position: 2, id: 'b' }])
    expect([...hour.database.messages.published].map((stored) => stored.row.message.id)).toEqual(['b'])
  })
})

describe('relays', () => {
  it('have a lease by the database clock, renewed by renew and mark', async () => {
    const { store, clock } = setup()
    const expired = () => store.transaction(async (tx) => (await tx.relays()).map((relay) => relay.expired))
    await store.addRelay({ id: 'r', label: 'host', leaseMs: 100 })
    clock.advance(100)
    expect(await expired()).toEqual([true])
    expect(await store.renew('r')).toBe(true)
    expect(await expired()).toEqual([false])
    clock.advance(-50)
    expect(await expired()).toEqual([true])
    expect(await store.mark('r', [4, 7])).toBe(true)
    expect(await store.transaction((tx) => tx.relays())).toEqual([
      { id: 'r', label: 'host', trusted: false, expired: false, window: [4, 7] },
    ])
    expect(await store.renew('gone')).toBe(false)
    expect(await store.mark('gone', [])).toBe(false)
  })
})

describe('a lane transaction', () => {
  it('keeps relays, lanes, holds and suspects', async () => {
    const { store } = setup()
    await store.addRelay({ id: 'r', label: 'host', leaseMs: 100 })
    const hold = { topic: 'orders', key: 'k', lane: 3, head: 7, dueAt: 5 }
    const suspect = { position: 7, lane: 3, crashes: 1 }
    await store.transaction(async (tx) => {
      await tx.trustRelay('r')
      await tx.setWindow('r', [7])
      await tx.assign([3, 4], 'r')
      await tx.assign([4], null)
      await tx.putHolds([{ ...hold, dueAt: 4 }])
      await tx.putHolds([hold])
      await tx.putSuspects([suspect])
      expect(await tx.holdRelay('r')).toBe(true)
      expect(await tx.holdRelay('gone')).toBe(false)
    })
    await store.transaction(async (tx) => {
      expect(await tx.relays()).toMatchObject([{ id: 'r', trusted: true, window: [7] }])
      expect((await tx.owners()).flatMap((owner, lane) => (owner === null ? [] : [lane]))).toEqual([3])
      expect(await tx.owners()).toHaveLength(laneCount)
      expect(await tx.holds([3])).toEqual([hold])
      expect(await tx.holds([4])).toEqual([])
      expect(await tx.suspects([3, 4])).toEqual([suspect])
      await tx.removeHolds([{ ...hold, head: 8 }])
      expect(await tx.holds([3])).toEqual([hold])
      await tx.removeHolds([hold])
      await tx.removeSuspects([7])
      await tx.removeRelay('r')
      expect(await tx.holds([3])).toEqual([])
      expect(await tx.suspects([3])).toEqual([])
      expect(await tx.relays()).toEqual([])
    })
  })

  it('takes everything back when its work rejects', async () => {
    const { insert, store, read, ids } = setup()
    insert(['a'], ['b'])
    await store.addRelay({ id: 'r', label: 'host', leaseMs: 100 })
    const work = store.transaction(async (tx) => {
      await tx.trustRelay('r')
      await tx.assign([1], 'r')
      await tx.putHolds([{ topic: 'orders', key: 'a', lane: 1, head: 1, dueAt: 5 }])
      await tx.putSuspects([{ position: 1, lane: 1, crashes: 1 }])
      await tx.retry([{ position: 1, id: 'a' }], { attempts: 1, crashes: 0, error })
      await tx.bury([{ position: 2, id: 'b' }], { attempts: 1, crashes: 0, reason: 'rejected', error })
      await tx.removeRelay('r')
      throw new Error('crash')
    })
    await expect(work).rejects.toThrow('crash')
    expect(await ids()).toEqual(['a', 'b'])
    expect((await read()).rows[0]?.attempts).toBe(0)
    await store.transaction(async (tx) => {
      expect(await tx.relays()).toMatchObject([{ id: 'r', trusted: false }])
      expect(await tx.owners()).not.toContain('r')
      expect(await tx.holds([1])).toEqual([])
      expect(await tx.suspects([1])).toEqual([])
    })
  })

  it('buries and retries pending rows only, matched by id', async () => {
    const { insert, ids, store, database } = setup()
    insert(['a'], ['b'], ['c'])
    const change = { attempts: 2, crashes: 1, error }
    await store.publish([{ position: 3, id: 'c' }])
    await store.transaction(async (tx) => {
      await tx.bury([{ position: 1, id: 'a' }], { ...change, reason: 'attempts-exhausted' })
      await tx.bury([{ position: 2, id: 'other' }], { ...change, reason: 'attempts-exhausted' })
      await tx.bury([{ position: 3, id: 'c' }], { ...change, reason: 'attempts-exhausted' })
      expect((await tx.pending([2, 1, 3])).map((row) => row.position)).toEqual([1, 2])
    })
    expect(await ids()).toEqual(['b'])
    expect(database.messages.withId('a')).toMatchObject({ status: 'DEAD', row: { attempts: 2, crashes: 1 } })
    expect(database.messages.withId('c')?.status).toBe('PUBLISHED')
  })

  it('runs alone among all that touch the lane tables', async () => {
    const { store } = setup()
    await store.addRelay({ id: 'r', label: 'host', leaseMs: 100 })
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const long = store.transaction(async (tx) => {
      await tx.removeRelay('r')
      await gate.promise
      order.push('long')
    })
    const others = [
      store.renew('r').then((held) => order.push(`renew ${held}`)),
      store.mark('r', []).then((held) => order.push(`mark ${held}`)),
      store.transaction(async () => void order.push('short')),
    ]
    gate.resolve()
    await Promise.all([long, ...others])
    expect(order[0]).toBe('long')
    expect(order.toSorted()).toEqual(['long', 'mark false', 'renew false', 'short'])
  })
})

describe('schedule', () => {
  it('is awaited before and after each step', async () => {
    const steps: string[] = []
    const schedule = async (step: string) => void steps.push(step)
    const store = memoryLaneStore(memoryDatabase(), { schedule })
    await store.addRelay({ id: 'r', label: 'host', leaseMs: 100 })
    await store.read(readAll)
    await store.barrier()
    await store.transaction((tx) => tx.owners())
    const named = ['addRelay', 'read', 'barrier:last', 'barrier:writers', 'transaction', 'transaction:owners']
    expect(steps.filter((step) => !step.endsWith(':reply'))).toEqual([...named, 'transaction:commit'])
    expect(steps.filter((step) => step.endsWith(':reply'))).toHaveLength(named.length)
  })

  it('loses the effect when it rejects before a step, and the reply when it rejects after', async () => {
    let crashAt = ''
    const schedule = async (step: string) => {
      if (step === crashAt) throw new Error('crash')
    }
    const database = memoryDatabase()
    const store = memoryLaneStore(database, { schedule })
    const add = (id: string) => store.addRelay({ id, label: 'host', leaseMs: 100 })
    const crash = async (step: string, work: () => Promise<unknown>) => {
      crashAt = step
      await expect(work()).rejects.toThrow('crash')
    }
    await crash('addRelay', () => add('a'))
    await crash('addRelay:reply', () => add('b'))
    await crash('transaction:trustRelay:reply', () => store.transaction((tx) => tx.trustRelay('b')))
    await crash('transaction:reply', () => store.transaction((tx) => tx.assign([0], 'b')))
    crashAt = ''
    expect(await store.transaction((tx) => tx.relays())).toMatchObject([{ id: 'b', trusted: false }])
    expect((await store.transaction((tx) => tx.owners()))[0]).toBe('b')
  })
})
