import { onServer, type Server } from '@waybill/conformance/containers'
import { CamelCasePlugin } from 'kysely'
import { expect, it } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { migratedDatabase, server } from './server.ts'

async function setup(postgres: Server) {
  const test = await migratedDatabase(postgres)
  const inbox = postgresInbox({ pool: test.pool })
  return {
    test,
    inbox,
    record: (keys: readonly string[], consumer = 'billing') =>
      inbox.transaction((tx) =>
        inbox.record(
          tx,
          keys.map((key) => ({ consumer, key })),
        ),
      ),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}

onServer(server, { it }, (postgres) => {
  it('compares receipts byte for byte', async () => {
    await using test = await setup(postgres)
    const keys = ['key', 'KEY', 'key ', 'k\u00e9y', 'ke\u0301y', '']
    expect(await test.record(keys)).toEqual(keys.map(() => 'recorded'))
    expect(await test.record(keys)).toEqual(keys.map(() => 'duplicate'))
    expect(await test.record(['key'], 'shipping')).toEqual(['recorded'])
  })

  it('asks for another try where the level of isolation cannot wait', async () => {
    await using test = await setup(postgres)
    const [recorded, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const record = (tx: Parameters<typeof test.inbox.record>[0]) => test.inbox.record(tx, [{ consumer: 'c', key: 'a' }])
    const first = test.inbox.transaction(async (tx) => {
      await record(tx)
      recorded.resolve()
      await goesOn.promise
    })
    await recorded.promise
    const second = test.inbox.transaction(
      async (tx) => {
        await tx.query('select 1')
        goesOn.resolve()
        return record(tx)
      },
      { isolation: 'repeatable read' },
    )
    await expect(second).rejects.toMatchObject({ code: 'STORAGE_CONFLICT', retryable: true })
    await first
  })

  it('refuses what is not in a transaction', async () => {
    await using test = await setup(postgres)
    const receipts = [{ consumer: 'billing', key: 'a' }]
    const required = { code: 'TRANSACTION_REQUIRED' }
    const client = await test.test.pool.connect()
    await expect(test.inbox.record(client, receipts)).rejects.toMatchObject(required)
    client.release()
    // @ts-expect-error: it is a compile error already
    await expect(postgresInbox({ db: test.test.db }).record(test.test.db, receipts)).rejects.toMatchObject(required)
    expect(await test.record(['a'])).toEqual(['recorded'])
  })

  it.for(['pool', 'db', 'db with plugins'] as const)(
    'prunes old receipts of all consumers in batches, by a %s',
    async (kind) => {
      await using test = await setup(postgres)
      const old = Array.from({ length: 25 }, (_, index) => `old-${index}`)
      await test.record(old)
      await test.record(old, 'shipping')
      await test.test.query('update waybill_receipts set recorded_at = recorded_at - 60000')
      const young = Array.from({ length: 25 }, (_, index) => `new-${index}`)
      await test.record(young)
      const db = kind === 'db' ? test.test.db : test.test.db.withPlugin(new CamelCasePlugin())
      const inbox = kind === 'pool' ? test.inbox : postgresInbox({ db })
      expect(await inbox.prune({ olderThanMs: 30_000, batchSize: 7 })).toBe(50)
      expect(await test.record(young)).toEqual(young.map(() => 'duplicate'))
      expect(await inbox.prune({ olderThanMs: 30_000 })).toBe(0)
    },
  )
})
