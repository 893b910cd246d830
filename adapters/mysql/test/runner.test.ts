import { setImmediate as turn } from 'node:timers/promises'
import type { TransactionOptions } from '@waybill/core/contracts'
import { sql } from 'kysely'
import type { RowDataPacket } from 'mysql2'
import { expect, it } from 'vitest'
import { mysqlInbox, mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase, plainInsert } from './database.ts'
import { onEachServer } from './servers.ts'

await onEachServer((server) => {
  async function setup() {
    const test = await migratedDatabase(server)
    const pool = test.pool()
    const db = test.kysely()
    return {
      test,
      pool,
      onPool: mysqlStorage({ pool }),
      onKysely: mysqlStorage({ db }),
      ids: async () => (await test.rows('select id from waybill_messages')).map((row) => row['id']),
      [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
    }
  }

  it('has the isolation that it is asked for, else that of the session', async () => {
    await using test = await setup()
    await test.test.admin.query('create table orders (id int)')
    const sees = async (options: TransactionOptions) =>
      test.onPool.transaction(async (tx) => {
        const count = async () => {
          const [rows] = await tx.query<RowDataPacket[]>('select count(*) as count from orders')
          return Number(rows[0]?.['count'])
        }
        const before = await count()
        await test.test.admin.query('insert into orders values (1)')
        return (await count()) - before
      }, options)
    expect(await sees({ isolation: 'read committed' })).toBe(1)
    expect(await sees({ isolation: 'repeatable read' })).toBe(0)
    expect(await sees({})).toBe(0)
    const inbox = mysqlInbox({ db: test.test.kysely() })
    const counts = await inbox.transaction(async (tx) => {
      const count = async () => (await sql<{ n: number }>`select count(*) as n from orders`.execute(tx)).rows[0]?.n ?? 0
      const before = await count()
      await test.test.admin.query('insert into orders values (1)')
      return (await count()) - before
    })
    expect(counts).toBe(1)
  })

  it('gives a handler that was told to stop no connection that would commit by itself', async () => {
    await using test = await setup()
    const controller = new AbortController()
    const { promise: late, resolve: settle } = Promise.withResolvers<unknown>()
    const transaction = test.onPool.transaction(
      async (tx) => {
        await test.onPool.insert(tx, [message({ id: 'early' })])
        controller.abort(new Error('stop'))
        await new Promise((resolve) => setImmediate(resolve))
        settle(plainInsert(tx, 'late').catch((error: unknown) => error))
      },
      { signal: controller.signal },
    )
    await expect(transaction).rejects.toThrow('stop')
    expect(await late).toBeInstanceOf(Error)
    expect(await test.ids()).toEqual([])
  })

  it('commits nothing that its work sends while it is rolled back', async () => {
    await using test = await setup()
    const controller = new AbortController()
    const { promise: sent, resolve } = Promise.withResolvers<readonly Promise<unknown>[]>()
    const transaction = test.onKysely.transaction(
      async (tx) => {
        await test.onKysely.insert(tx, [message({ id: 'early' })])
        controller.abort(new Error('stop'))
        const writes: Promise<unknown>[] = []
        // One a turn of the event loop: some fall between the rollback and its answer.
        for (let number = 0; number < 30; number++) {
          const late = test.onKysely.insert(tx, [message({ id: `late-${number}` })])
          writes.push(late.catch((error: unknown) => error))
          await turn()
        }
        resolve(writes)
      },
      { signal: controller.signal },
    )
    await expect(transaction).rejects.toThrow('stop')
    const outcomes = await Promise.all(await sent)
    expect(outcomes.at(-1)).toBeInstanceOf(Error)
    expect(await test.ids()).toEqual([])
  })

  it('passes on what the work throws, and names what befell the transaction', async () => {
    await using test = await setup()
    const thrown = new RangeError('the business said no')
    await expect(test.onPool.transaction(async () => Promise.reject(thrown))).rejects.toBe(thrown)
    await expect(test.onKysely.transaction(async () => Promise.reject(thrown))).rejects.toBe(thrown)
    const ended = test.onPool.transaction(async (tx) => {
      await test.test.admin.query(`kill ${tx.threadId}`)
    })
    await expect(ended).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    await test.pool.end()
    await expect(test.onPool.transaction(async () => 1)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('gives each call a connection of its own, and gives it back', async () => {
    await using test = await setup()
    const ids = Array.from({ length: 30 }, (_, index) => `m-${index}`)
    await Promise.all(ids.map((id) => test.onPool.transaction((tx) => test.onPool.insert(tx, [message({ id })]))))
    expect((await test.ids()).toSorted()).toEqual(ids.toSorted())
  })
})
