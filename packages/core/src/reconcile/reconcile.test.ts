import { memoryInbox, memoryStorage } from '@waybill/memory'
import { describe, expect, test } from 'vitest'
import { Outbox } from '../outbox/outbox.ts'
import { type ReconcileOptions, reconcile } from './reconcile.ts'

type Transaction = Parameters<Parameters<ReturnType<typeof memoryInbox>['transaction']>[0]>[0]

async function setup(present: readonly string[], expected: readonly (readonly string[])[]) {
  const storage = memoryStorage()
  const inbox = memoryInbox({ database: storage.database })
  const outbox = new Outbox({ storage })
  const item = (id: string) => ({ type: 'order.told', payload: { id }, topic: 'orders', id })
  await outbox.transaction(({ enqueueMany }) => enqueueMany(present.map(item)))
  const batches: (readonly string[])[] = []
  const run = (more: Partial<ReconcileOptions<Transaction>> = {}) =>
    reconcile({
      name: 'orders',
      inbox,
      expected,
      enqueued: storage,
      enqueue: async (tx, ids) => {
        batches.push(ids)
        await outbox.enqueueMany(tx, ids.map(item))
      },
      ...more,
    })
  return { storage, inbox, batches, run }
}

describe('what is missing', () => {
  const pages = [['a', 'b'], [], ['c', 'd', 'c']]

  test('is enqueued, once, whatever is run again', async () => {
    const { storage, run, batches } = await setup(['a', 'd'], pages)
    expect(await run()).toEqual({ expected: 4, present: 2, repaired: 0, enqueued: 2 })
    expect(batches).toEqual([['b'], ['c']])
    expect(await run()).toEqual({ expected: 4, present: 4, repaired: 0, enqueued: 0 })
    expect(await storage.count()).toMatchObject({ pending: 4 })
  })

  test('is enqueued once also where the query does not see it, and by runs at the same time', async () => {
    const { storage, run } = await setup(['a'], pages)
    const enqueued = async (ids: readonly string[]) => ids.filter((id) => id === 'a')
    const [one, two] = await Promise.all([run({ enqueued }), run({ enqueued })])
    expect((one?.enqueued ?? 0) + (two?.enqueued ?? 0)).toBe(3)
    expect((one?.repaired ?? 0) + (two?.repaired ?? 0)).toBe(3)
    expect(await storage.count()).toMatchObject({ pending: 4 })
    expect(await run({ enqueued, name: 'others', dryRun: true })).toMatchObject({ enqueued: 3 })
  })

  test('is counted by a dry run, which leaves nothing', async () => {
    const { storage, run, batches } = await setup(['a'], pages)
    const counts = { expected: 4, present: 1, repaired: 0, enqueued: 3 }
    expect(await run({ dryRun: true })).toEqual(counts)
    expect([batches, await storage.count()]).toMatchObject([[], { pending: 1 }])
    expect(await run()).toEqual(counts)
  })

  test('goes in batches, of which those before a failure stay', async () => {
    const { storage, run, batches } = await setup([], [['a', 'b', 'c', 'd', 'e']])
    const failure = new Error('no')
    const enqueue = () => Promise.reject(failure)
    await expect(run({ enqueue })).rejects.toBe(failure)
    expect(await run({ batchSize: 2 })).toEqual({ expected: 5, present: 0, repaired: 0, enqueued: 5 })
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect(await storage.count()).toMatchObject({ pending: 5 })
  })

  test('may come as a stream, and stays if the signal fires', async () => {
    const { run, batches } = await setup([], [])
    const controller = new AbortController()
    async function* expected() {
      yield ['a']
      controller.abort()
      yield ['b']
    }
    const aborted = run({ expected: expected(), signal: controller.signal })
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    expect(batches).toEqual([['a']])
  })
})

test('wrong options are reported at once', async () => {
  const { run } = await setup([], [])
  await expect(run({ name: '', batchSize: 0, inbox: {} as never })).rejects.toThrow(
    /name = ''.*inbox = .*batchSize = 0/,
  )
})
