import { expect, it } from 'vitest'
import { mysqlStorage } from '../src/index.ts'
import { migratedDatabase } from './database.ts'
import { onEachServer } from './servers.ts'

const deadRow = `insert into waybill_messages
  (id, topic, type, payload, ordering_key, status, died_at, dead_reason, last_error)
  values (?, 'orders', 'order.placed', '{}', 'k', 'DEAD', ?, 'rejected', '{"code":"BROKER_REJECTED","message":"no"}')`

await onEachServer((server) => {
  async function setup() {
    const test = await migratedDatabase(server)
    const storages = [1, 2].map(() => mysqlStorage({ pool: test.pool() }))
    return {
      test,
      storages,
      async [Symbol.asyncDispose]() {
        for (const storage of storages) await storage.close()
        await test[Symbol.asyncDispose]()
      },
    }
  }

  it('brings dead letters back once and in order, whoever asks at the same time', async () => {
    await using test = await setup()
    const ids = Array.from({ length: 250 }, (_, index) => `dead-${index}`)
    for (const [index, id] of ids.entries()) await test.test.admin.query(deadRow, [id, index])
    const redriven = await Promise.all(test.storages.map((storage) => storage.deadLetters.redrive({ all: true })))
    expect(redriven[0] ?? 0).toBeLessThanOrEqual(250)
    expect(redriven.reduce((sum, count) => sum + count, 0)).toBe(250)
    const rows = await test.test.rows("select id from waybill_messages where status = 'PENDING' order by position")
    expect(rows).toHaveLength(250)
  })

  it('counts by status, and prunes history in batches', async () => {
    await using test = await setup()
    const [storage] = test.storages
    for (const id of ['a', 'b', 'c']) {
      const published = `insert into waybill_messages (id, topic, type, payload, status, published_at) values (?, 't', 't', '{}', 'PUBLISHED', 1)`
      await test.test.admin.query(published, [id])
    }
    await test.test.admin.query(deadRow, ['d', 1])
    const counts = { pending: 0, processing: 0, published: 3, dead: 1, oldestPendingAgeMs: null }
    expect(await storage?.count()).toEqual(counts)
    expect(await storage?.prune({ olderThanMs: 1000, batchSize: 2 })).toBe(3)
    expect(await storage?.count()).toEqual({ ...counts, published: 0 })
  })
})
