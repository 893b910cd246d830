import { Kysely, type LogEvent, SqliteDialect, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { sqliteInbox, sqliteStorage } from '../src/index.ts'
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

  it('refuses a transaction that SQLite has rolled back by itself, which would commit each statement on its own', async () => {
    await using test = setup()
    const transaction = test.db.transaction().execute(async (tx) => {
      await sql`create table orders (a)`.execute(tx)
      const pages = await sql<{ page_count: number }>`pragma page_count`.execute(tx)
      await sql`pragma max_page_count = ${sql.lit(pages.rows[0]?.page_count)}`.execute(tx)
      await expect(sql`insert into orders values (zeroblob(1000000))`.execute(tx)).rejects.toThrow(/full/)
      await sql`pragma max_page_count = 1000000`.execute(tx)
      const insert = test.storage.insert(tx, [message()])
      await expect(insert).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    })
    await expect(transaction).rejects.toThrow(/no transaction is active/)
    expect(test.ids()).toEqual([])
    await test.db.transaction().execute((tx) => test.storage.insert(tx, [message({ id: 'a' })]))
    expect(test.ids()).toEqual(['a'])
  })

  it('asks SQLite whether the transaction is open without an error in the log of Kysely', async () => {
    await using test = setup()
    const errors: unknown[] = []
    const log = (event: LogEvent) => void (event.level === 'error' && errors.push(event.error))
    const db = new Kysely<Record<string, never>>({ dialect: new SqliteDialect({ database: test.database }), log })
    await db.transaction().execute((tx) => test.storage.insert(tx, [message()]))
    expect(test.ids()).toHaveLength(1)
    expect(errors).toEqual([])
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

describe('a transaction of another database', () => {
  const otherDatabase = { ...required, message: expect.stringContaining('another.db') }

  async function twoDatabases() {
    const test = setup()
    const another = test.test.another('another.db')
    return {
      ...test,
      another,
      anotherDb: new Kysely<Record<string, never>>({ dialect: new SqliteDialect({ database: another }) }),
      countThere: () => another.prepare('select count(*) from waybill_messages').pluck().get(),
    }
  }

  it('is refused, where no relay of this storage would find the message', async () => {
    await using test = await twoDatabases()
    const insert = test.anotherDb.transaction().execute((tx) => test.storage.insert(tx, [message()]))
    await expect(insert).rejects.toMatchObject(otherDatabase)
    const insertSync = test.another.transaction(() => test.storage.insertSync(test.another, [message()]))
    expect(insertSync).toThrow(expect.objectContaining(otherDatabase))
    expect(test.countThere()).toBe(0)
  })

  it('is refused by a storage of a better-sqlite3 connection and by an inbox', async () => {
    await using test = await twoDatabases()
    const storage = sqliteStorage({ database: test.database })
    const insertSync = test.another.transaction(() => storage.insertSync(test.another, [message()]))
    expect(insertSync).toThrow(expect.objectContaining(otherDatabase))
    const inbox = sqliteInbox({ db: test.db })
    const record = test.anotherDb.transaction().execute((tx) => inbox.record(tx, [{ consumer: 'billing', key: 'a' }]))
    await expect(record).rejects.toMatchObject(otherDatabase)
  })

  it('is refused inside a transaction of this one, instead of waiting for its connection', async () => {
    await using test = await twoDatabases()
    const storage = sqliteStorage({ db: test.db, lockTimeoutMs: 50 })
    await test.db.transaction().execute(async () => {
      const insert = test.anotherDb.transaction().execute((tx) => storage.insert(tx, [message()]))
      await expect(insert).rejects.toMatchObject({ code: 'STORAGE_LOCKED' })
    })
    expect(test.countThere()).toBe(0)
  })

  it('is none by another connection to the same file', async () => {
    await using test = await twoDatabases()
    await test.test
      .kysely()
      .transaction()
      .execute((tx) => test.storage.insert(tx, [message({ id: 'a' })]))
    test.database.transaction(() => test.storage.insertSync(test.database, [message({ id: 'b' })]))()
    expect(test.ids()).toEqual(['a', 'b'])
  })
})

it.each([undefined, null, 'tx'])('refuses %s for a transaction', async (tx) => {
  await using test = setup()
  await expect(test.storage.insert(tx as never, [message()])).rejects.toMatchObject(required)
  expect(() => test.storage.insertSync(tx as never, [message()])).toThrow(expect.objectContaining(required))
})
