import { describe, expect, it } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { message, migratedDatabase } from './database.ts'

function setup() {
  const test = migratedDatabase()
  const db = test.kysely()
  const storage = sqliteStorage({ db })
  const database = test.connect()
  return {
    test,
    db,
    storage,
    database,
    ids: (): unknown[] => database.prepare('select id from waybill_messages order by position').pluck().all(),
    async [Symbol.asyncDispose]() {
      await storage.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

const required = { code: 'TRANSACTION_REQUIRED', retryable: false }

describe('insert', () => {
  it('keeps the order of many messages over several statements', async () => {
    await using test = setup()
    const messages = Array.from({ length: 257 }, () => message())
    await test.db.transaction().execute((tx) => test.storage.insert(tx, messages))
    expect(test.ids()).toEqual(messages.map(({ id }) => id))
  })

  it('counts a delay by the database’s clock, beside messages without one', async () => {
    await using test = setup()
    const messages = [message({ delayMs: 60_000 }), message({ availableAt: 5 }), message()]
    await test.db.transaction().execute((tx) => test.storage.insert(tx, messages))
    const [delayed, ...others] = test.database
      .prepare('select available_at from waybill_messages order by position')
      .pluck()
      .all()
    expect(Math.abs(Number(delayed) - Date.now() - 60_000)).toBeLessThan(10_000)
    expect(others).toEqual([5, null])
  })

  it('refuses a Kysely instance that is not a transaction', async () => {
    await using test = setup()
    // @ts-expect-error: it is a compile error already
    await expect(test.storage.insert(test.db, [message()])).rejects.toMatchObject(required)
    expect(test.ids()).toEqual([])
  })

  it('refuses a transaction that has ended, as one does that was not awaited', async () => {
    await using test = setup()
    const committed = await test.db.transaction().execute(async (tx) => ({ tx }))
    await expect(test.storage.insert(committed.tx, [message()])).rejects.toMatchObject(required)
    const controlled = await test.db.startTransaction().execute()
    await controlled.rollback().execute()
    await expect(test.storage.insert(controlled, [message()])).rejects.toMatchObject(required)
    expect(test.ids()).toEqual([])
  })

  it('refuses a better-sqlite3 connection, whose transaction would have ended before', async () => {
    await using test = setup()
    test.database.exec('begin')
    // @ts-expect-error: it is a compile error already
    const insert = test.storage.insert(test.database, [message()])
    await expect(insert).rejects.toMatchObject({ ...required, message: expect.stringContaining('enqueueSync') })
    test.database.exec('commit')
    expect(test.ids()).toEqual([])
  })

  it('names what the table refuses', async () => {
    await using test = setup()
    const insert = test.db.transaction().execute((tx) => test.storage.insert(tx, [message({ topic: '' })]))
    await expect(insert).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
  })

  it('says that the tables are missing, and what to do', async () => {
    await using test = setup()
    const storage = sqliteStorage({ db: test.db, tablePrefix: 'none_' })
    const insert = test.db.transaction().execute((tx) => storage.insert(tx, [message()]))
    await expect(insert).rejects.toMatchObject({
      code: 'SCHEMA_STALE',
      message: expect.stringContaining('migrateSqlite()'),
    })
  })
})

describe('insertSync', () => {
  it('takes part in the transaction of the connection', async () => {
    await using test = setup()
    const insert = test.database.transaction((fails: boolean) => {
      test.storage.insertSync(test.database, [message(), message({ delayMs: 5 })])
      if (fails) throw new RangeError('the business said no')
    })
    expect(() => insert(true)).toThrow(RangeError)
    expect(test.ids()).toEqual([])
    insert(false)
    expect(test.ids()).toHaveLength(2)
  })

  it('refuses a connection outside its transaction', async () => {
    await using test = setup()
    expect(() => test.storage.insertSync(test.database, [message()])).toThrow(expect.objectContaining(required))
    expect(test.ids()).toEqual([])
  })

  it('refuses a Kysely transaction', async () => {
    await using test = setup()
    await test.db.transaction().execute(async (tx) => {
      // @ts-expect-error: it is a compile error already
      expect(() => test.storage.insertSync(tx, [message()])).toThrow(expect.objectContaining(required))
    })
  })

  it('refuses an id that is known', async () => {
    await using test = setup()
    const insert = test.database.transaction(() => test.storage.insertSync(test.database, [message({ id: 'a' })]))
    insert()
    expect(insert).toThrow(expect.objectContaining({ code: 'DUPLICATE_MESSAGE' }))
  })
})

it.each([undefined, null, 'tx'])('refuses %s for a transaction', async (tx) => {
  await using test = setup()
  await expect(test.storage.insert(tx as never, [message()])).rejects.toMatchObject(required)
  expect(() => test.storage.insertSync(tx as never, [message()])).toThrow(expect.objectContaining(required))
})
