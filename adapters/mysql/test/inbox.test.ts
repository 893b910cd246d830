import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { describe, expect, it } from 'vitest'
import { mysqlInbox } from '../src/index.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { statementsOf } from './sent.ts'
import { onEachServer } from './servers.ts'

/** Each way in which a service can reach its database. */
const kinds = {
  Kysely: (test: TestDatabase) => mysqlInbox({ db: test.kysely() }) as AnyInbox,
  'a pool': (test: TestDatabase) => mysqlInbox({ pool: test.pool() }) as unknown as AnyInbox,
  'a driver that counts only changed rows': (test: TestDatabase) =>
    mysqlInbox({ pool: test.pool({ flags: ['-FOUND_ROWS'] }) }) as unknown as AnyInbox,
}

type AnyInbox = InboxStorage<object> & TransactionRunner<object>

await onEachServer((server) => {
  describe.for(Object.entries(kinds))('with %s', ([, open]) => {
    async function setup() {
      const test = await migratedDatabase(server)
      const inbox = open(test)
      const record = (keys: readonly string[], consumer = 'billing') =>
        inbox.transaction((tx) =>
          inbox.record(
            tx,
            keys.map((key) => ({ consumer, key })),
          ),
        )
      return { test, inbox, record, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() }
    }

    it('tells which receipts were there, by index, byte for byte', async () => {
      await using test = await setup()
      expect(await test.record(['b', 'a'])).toEqual(['recorded', 'recorded'])
      expect(await test.record(['c', 'a', 'c', 'b'])).toEqual(['recorded', 'duplicate', 'duplicate', 'duplicate'])
      expect(await test.record(['a'], 'shipping')).toEqual(['recorded'])
      expect(await test.record([])).toEqual([])
      const keys = ['key', 'KEY', 'key ', 'k\u00e9y', 'ke\u0301y', '']
      expect(await test.record(keys)).toEqual(keys.map(() => 'recorded'))
      expect(await test.record(keys)).toEqual(keys.map(() => 'duplicate'))
    })

    it('lets one of two concurrent transactions have it', async () => {
      await using test = await setup()
      const { promise: has, resolve: recorded } = Promise.withResolvers<void>()
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
      const first = test.inbox.transaction(async (tx) => {
        const outcomes = await test.inbox.record(tx, [{ consumer: 'billing', key: 'a' }])
        recorded()
        await mayEnd
        return outcomes
      })
      await has
      const second = test.record(['a'])
      const waiting = async () => (await test.test.others()).filter(({ statement }) => statement.startsWith('insert'))
      await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(1)
      end()
      expect(await Promise.all([first, second])).toEqual([['recorded'], ['duplicate']])
    })

    it('does not let receipts of different messages wait for each other', async () => {
      await using test = await setup()
      await test.record(['b', 'd'])
      const done = await test.inbox.transaction(async (tx) => {
        await test.inbox.record(tx, [{ consumer: 'billing', key: 'd' }])
        return test.record(['a', 'c', 'e'])
      })
      expect(done).toEqual(['recorded', 'recorded', 'recorded'])
    })

    it('goes on pruning where it has stopped, by the index', async () => {
      await using test = await setup()
      await test.record(['a'])
      await test.test.admin.query('update waybill_receipts set recorded_at = 1')
      const statements = await statementsOf(test.test.name, () => test.inbox.prune({ olderThanMs: 0, batchSize: 1 }))
      const [, second] = statements.filter((sql) => sql.startsWith('select'))
      await test.record(['a', 'b', 'c'])
      expect(await test.test.rows(`explain format = traditional ${second}`)).toMatchObject([
        { type: 'range', key: 'PRIMARY' },
      ])
    })

    it('removes old receipts of all consumers in batches, and keeps the others', async () => {
      await using test = await setup()
      const old = Array.from({ length: 25 }, (_, index) => `old-${index}`)
      await test.record(old)
      await test.record(old, 'shipping')
      await test.test.admin.query('update waybill_receipts set recorded_at = recorded_at - 60000')
      const young = Array.from({ length: 25 }, (_, index) => `new-${index}`)
      await test.record(young)
      expect(await test.inbox.prune({ olderThanMs: 30_000, batchSize: 7 })).toBe(50)
      expect(await test.record(young)).toEqual(young.map(() => 'duplicate'))
    })
  })
})
