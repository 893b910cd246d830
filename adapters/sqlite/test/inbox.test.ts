import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, SqliteDialect } from 'kysely'
import { describe, expect, it } from 'vitest'
import { migrateSqlite, sqliteInbox } from '../src/index.ts'
import { migratedDatabase } from './database.ts'

function setup() {
  const test = migratedDatabase()
  const db = test.kysely()
  const inbox = sqliteInbox({ db })
  return {
    db,
    inbox,
    database: test.connect(),
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

describe('record', () => {
  it('tells which receipts were there, by index', async () => {
    await using test = setup()
    expect(await test.record(['b', 'a'])).toEqual(['recorded', 'recorded'])
    expect(await test.record(['c', 'a', 'c', 'b'])).toEqual(['recorded', 'duplicate', 'duplicate', 'duplicate'])
    expect(await test.record(['a'], 'shipping')).toEqual(['recorded'])
    expect(await test.record([])).toEqual([])
  })

  it('compares byte for byte', async () => {
    await using test = setup()
    const keys = ['key', 'KEY', 'key ', 'k\u00e9y', 'ke\u0301y', '']
    expect(await test.record(keys)).toEqual(keys.map(() => 'recorded'))
    expect(await test.record(keys)).toEqual(keys.map(() => 'duplicate'))
  })

  it('keeps nothing of a transaction that rolled back', async () => {
    await using test = setup()
    const failing = test.inbox.transaction(async (tx) => {
      await test.inbox.record(tx, [{ consumer: 'billing', key: 'a' }])
      throw new RangeError('the handler failed')
    })
    await expect(failing).rejects.toThrow(RangeError)
    expect(await test.record(['a'])).toEqual(['recorded'])
  })

  it('lets one of two concurrent transactions have it', async () => {
    await using test = setup()
    const outcomes = await Promise.all([test.record(['a']), test.record(['a'])])
    expect(outcomes.flat().toSorted()).toEqual(['duplicate', 'recorded'])
  })

  it('refuses what is not a transaction', async () => {
    await using test = setup()
    // @ts-expect-error: it is a compile error already
    const record = test.inbox.record(test.db, [{ consumer: 'billing', key: 'a' }])
    await expect(record).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED' })
  })
})

describe('prune', () => {
  it('removes old receipts of all consumers in batches, and keeps the others', async () => {
    await using test = setup()
    const old = Array.from({ length: 25 }, (_, index) => `old-${index}`)
    await test.record(old)
    await test.record(old, 'shipping')
    test.database.exec('update waybill_receipts set recorded_at = recorded_at - 60000')
    const young = Array.from({ length: 25 }, (_, index) => `new-${index}`)
    await test.record(young)
    expect(await test.inbox.prune({ olderThanMs: 30_000, batchSize: 7 })).toBe(50)
    expect(await test.record(young)).toEqual(young.map(() => 'duplicate'))
    expect(await test.inbox.prune({ olderThanMs: 30_000 })).toBe(0)
  })

  it('works whatever the application has set up for its own rows', async () => {
    await using test = migratedDatabase()
    const database = test.connect()
    database.defaultSafeIntegers(true)
    const plugins = [new ParseJSONResultsPlugin(), new CamelCasePlugin()]
    const db = new Kysely<Record<never, never>>({ dialect: new SqliteDialect({ database }), plugins })
    await migrateSqlite(db)
    const inbox = sqliteInbox({ db })
    const receipts = ['{"a":1}', '[2]'].map((key) => ({ consumer: 'billing', key }))
    expect(await inbox.transaction((tx) => inbox.record(tx, receipts))).toEqual(['recorded', 'recorded'])
    expect(await inbox.transaction((tx) => inbox.record(tx, receipts))).toEqual(['duplicate', 'duplicate'])
    expect(await inbox.prune({ olderThanMs: 0 })).toBe(2)
  })

  it('refuses numbers that make no sense, and stops when told', async () => {
    await using test = setup()
    const wrong = test.inbox.prune({ olderThanMs: Number.NaN, batchSize: 0 })
    await expect(wrong).rejects.toMatchObject({ code: 'CONFIGURATION', problems: { length: 2 } })
    const reason = new Error('stop')
    await expect(test.inbox.prune({ olderThanMs: 0, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
