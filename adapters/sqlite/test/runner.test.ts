import { setImmediate as turn } from 'node:timers/promises'
import type { AnyTransaction } from '@waybill/sql'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { sqliteInbox, sqliteStorage } from '../src/index.ts'
import { message, migratedDatabase, plainInsert } from './database.ts'

function setup(options: { readonly lockTimeoutMs?: number } = {}) {
  const test = migratedDatabase()
  const db = test.kysely()
  const other = test.connect()
  other.pragma('busy_timeout = 0')
  return {
    db,
    other,
    runner: sqliteInbox({ db, ...options }),
    count: () => other.prepare('select count(*) from waybill_messages').pluck().get(),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}

const insert = sql`insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 'order.placed', '{}')`

describe('transaction', () => {
  it('leaves turns of the event loop between one and the next', async () => {
    await using test = setup()
    let turns = 0
    const count = () => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    for (let i = 0; i < 50; i++) await test.runner.transaction(async () => undefined)
    clearImmediate(timer)
    expect(turns).toBeGreaterThan(40)
  })

  it('has the lock from its start, so that a read before a write cannot fail', async () => {
    await using test = setup()
    await test.runner.transaction(async (tx) => {
      await sql`select * from waybill_messages`.execute(tx)
      expect(() => plainInsert(test.other, 'b')).toThrow(/locked/)
      await insert.execute(tx)
    })
    expect(test.count()).toBe(1)
  })

  it('waits for the lock without blocking the thread, and gives the busy timeout back', async () => {
    await using test = setup()
    test.other.exec('begin immediate')
    let began = false
    const transaction = test.runner.transaction(async (tx) => {
      began = true
      const { rows } = await sql<{ timeout: number }>`pragma busy_timeout`.execute(tx)
      return rows[0]?.timeout
    })
    let longestTurnMs = 0
    for (let start = performance.now(); performance.now() - start < 100; ) {
      const before = performance.now()
      await turn()
      longestTurnMs = Math.max(longestTurnMs, performance.now() - before)
    }
    expect(began).toBe(false)
    // The driver's own wait would block for as long as its busy timeout, 5,000 ms.
    expect(longestTurnMs).toBeLessThan(2000)
    test.other.exec('commit')
    // What better-sqlite3 sets for a connection.
    expect(await transaction).toBe(5000)
  })

  it('ends in STORAGE_LOCKED after the lock timeout', async () => {
    await using test = setup({ lockTimeoutMs: 20 })
    test.other.exec('begin immediate')
    await expect(test.runner.transaction(async () => 1)).rejects.toMatchObject({ code: 'STORAGE_LOCKED' })
    test.other.exec('rollback')
    expect(await test.runner.transaction(async () => 1)).toBe(1)
  })

  it.each<[string, (tx: AnyTransaction) => Promise<unknown>]>([
    ['of the application', (tx: AnyTransaction) => sql`insert into notes values (${'x'.repeat(100_000)})`.execute(tx)],
    [
      'of Waybill',
      (tx: AnyTransaction) => sqliteStorage({ db: tx }).insert(tx, [message({ payload: new Uint8Array(100_000) })]),
    ],
  ])('tells that the database is full when a write %s finds it so', async (_, write) => {
    await using test = setup()
    await sql`create table notes (text)`.execute(test.db)
    await sql`pragma max_page_count = 1`.execute(test.db)
    await expect(test.runner.transaction(write)).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    await sql`pragma max_page_count = 100000`.execute(test.db)
    await test.runner.transaction(write)
  })

  it('passes on what the work throws about its own tables', async () => {
    await using test = setup()
    const work = (tx: AnyTransaction) => sql`insert into nowhere values (1)`.execute(tx)
    await expect(test.runner.transaction(work)).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  })

  it('can be given up while it waits for the lock', async () => {
    await using test = setup()
    test.other.exec('begin immediate')
    const controller = new AbortController()
    const transaction = test.runner.transaction(async () => 1, { signal: controller.signal })
    await turn()
    const reason = new Error('shutting down')
    controller.abort(reason)
    await expect(transaction).rejects.toBe(reason)
  })

  it('refuses the writes of work that was given up', async () => {
    await using test = setup()
    const controller = new AbortController()
    const gate = Promise.withResolvers<void>()
    const late = Promise.withResolvers<unknown>()
    const transaction = test.runner.transaction(
      async (tx) => {
        await gate.promise
        late.resolve(await insert.execute(tx).catch((error: unknown) => error))
      },
      { signal: controller.signal },
    )
    await turn()
    controller.abort(new Error('shutting down'))
    await expect(transaction).rejects.toThrow('shutting down')
    gate.resolve()
    expect(await late.promise).toBeInstanceOf(Error)
    expect(test.count()).toBe(0)
  })

  it('names the failure of a commit', async () => {
    await using test = setup()
    const deferred = 'references waybill_messages (id) deferrable initially deferred'
    test.other.exec(`create table child (parent text ${deferred})`)
    const transaction = test.runner.transaction((tx) => sql`insert into child values ('none')`.execute(tx))
    await expect(transaction).rejects.toMatchObject({ code: 'STORAGE_UNKNOWN' })
  })

  it('refuses isolation levels that SQLite does not have', async () => {
    await using test = setup()
    const transaction = test.runner.transaction(async () => 1, { isolation: 'read committed' })
    await expect(transaction).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(await test.runner.transaction(async () => 1, { isolation: 'serializable' })).toBe(1)
  })
})
