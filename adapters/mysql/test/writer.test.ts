import { sql } from 'kysely'
import { createConnection as createCallbackConnection } from 'mysql2'
import { describe, expect, it } from 'vitest'
import { mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase } from './database.ts'
import { statementsOf } from './sent.ts'
import { onEachServer } from './servers.ts'

const required = { code: 'TRANSACTION_REQUIRED', retryable: false }

await onEachServer((server) => {
  async function setup() {
    const test = await migratedDatabase(server)
    const db = test.kysely()
    const storage = mysqlStorage({ db })
    return {
      test,
      db,
      storage,
      ids: async () => (await test.rows('select id from waybill_messages order by position')).map((row) => row['id']),
      async [Symbol.asyncDispose]() {
        await storage.close()
        await test[Symbol.asyncDispose]()
      },
    }
  }

  describe('insert', () => {
    it('keeps the order of many messages over several statements', async () => {
      await using test = await setup()
      const large = message({ payload: new Uint8Array(1_500_000).fill(7) })
      const messages = [...Array.from({ length: 257 }, () => message()), large, message(), { ...large, id: 'large' }]
      await test.db.transaction().execute((tx) => test.storage.insert(tx, messages))
      expect(await test.ids()).toEqual(messages.map(({ id }) => id))
    })

    it('counts a delay by the database’s clock, whatever the time zones', async () => {
      await using test = await setup()
      const messages = [message({ delayMs: 60_000 }), message({ availableAt: 5 }), message()]
      await test.db.transaction().execute(async (tx) => {
        await sql`set session time_zone = '+09:30'`.execute(tx)
        await test.storage.insert(tx, messages)
      })
      const rows = await test.test.rows('select available_at, enqueued_at from waybill_messages order by position')
      expect(Math.abs(Number(rows[0]?.['available_at']) - Date.now() - 60_000)).toBeLessThan(10_000)
      expect(rows.slice(1).map((row) => row['available_at'])).toEqual([5, null])
      for (const row of rows) expect(Math.abs(Number(row['enqueued_at']) - Date.now())).toBeLessThan(10_000)
    })

    it('takes a connection of either flavour in its transaction', async () => {
      await using test = await setup()
      const promised = await test.test.connect()
      await promised.beginTransaction()
      await test.storage.insert(promised, [message({ id: 'promised' })])
      await promised.commit()
      const callback = createCallbackConnection(test.test.url)
      await callback.promise().query('begin')
      await test.storage.insert(callback, [message({ id: 'callback' })])
      await callback.promise().query('commit')
      callback.destroy()
      const pooled = await test.test.pool().getConnection()
      await pooled.beginTransaction()
      await test.storage.insert(pooled, [message({ id: 'pooled' })])
      await pooled.rollback()
      expect(await test.ids()).toEqual(['promised', 'callback'])
    })

    it('takes a connection without autocommit, whose next statement opens a transaction', async () => {
      await using test = await setup()
      const connection = await test.test.connect()
      await connection.query('set autocommit = 0')
      await test.storage.insert(connection, [message()])
      await connection.query('rollback')
      expect(await test.ids()).toEqual([])
    })

    it('takes the transaction of any other client', async () => {
      await using test = await setup()
      const connection = await test.test.connect()
      await connection.beginTransaction()
      const executor = { executeSql: (text: string, values: readonly unknown[]) => connection.query(text, [...values]) }
      const bytes = new Uint8Array([0, 255, 39, 92])
      await test.storage.insert(executor, [message({ id: 'a', payload: bytes, orderingKey: "it's \\ ?" })])
      await connection.commit()
      const [row] = await test.test.rows('select payload, ordering_key from waybill_messages')
      expect(row).toEqual({ payload: Buffer.from(bytes), ordering_key: "it's \\ ?" })
    })

    it('refuses a Kysely instance that is not a transaction, or whose transaction has ended', async () => {
      await using test = await setup()
      // @ts-expect-error: it is a compile error already
      await expect(test.storage.insert(test.db, [message()])).rejects.toMatchObject(required)
      const committed = await test.db.transaction().execute(async (tx) => ({ tx }))
      await expect(test.storage.insert(committed.tx, [message()])).rejects.toMatchObject(required)
      expect(await test.ids()).toEqual([])
    })

    it('refuses a connection outside a transaction, and one whose transaction DDL has ended', async () => {
      await using test = await setup()
      const connection = await test.test.connect()
      await expect(test.storage.insert(connection, [message()])).rejects.toMatchObject(required)
      await connection.beginTransaction()
      await connection.query('create table orders (id int)')
      await expect(test.storage.insert(connection, [message()])).rejects.toMatchObject(required)
      expect(await test.ids()).toEqual([])
    })

    it.runIf(server.name === 'MariaDB')('asks MariaDB nothing before it inserts one message', async () => {
      await using test = await setup()
      const connection = await test.test.connect()
      const insert = (messages: readonly ReturnType<typeof message>[]) => test.storage.insert(connection, messages)
      await connection.beginTransaction()
      await insert([message({ id: 'first' })])
      const text = `it's \\ "?"`
      await connection.query(`set sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')`)
      const one = message({ id: 'one', orderingKey: text, payload: new Uint8Array([0, 255, 39, 92]) })
      expect(await statementsOf(test.test.name, () => insert([one]))).toEqual([])
      expect(await statementsOf(test.test.name, () => insert([message(), message()]))).toContain('do 0')
      await connection.commit()
      const [row] = await test.test.rows(`select ordering_key, payload from waybill_messages where id = 'one'`)
      expect(row).toEqual({ ordering_key: text, payload: Buffer.from(one.payload) })
      for (const mode of ['', 'STRICT_ALL_TABLES']) {
        await connection.query(`set sql_mode = '${mode}'`)
        await expect(insert([message({ id: 'late' })])).rejects.toMatchObject(required)
        await expect(insert([message(), message()])).rejects.toMatchObject(required)
      }
      await connection.query('set autocommit = 0')
      await insert([message({ id: 'uncommitted' })])
      await connection.query('rollback')
      expect(await test.ids()).toEqual(['first', 'one', expect.anything(), expect.anything()])
    })

    it('refuses a pool of either flavour', async () => {
      await using test = await setup()
      const pool = test.test.pool()
      // @ts-expect-error: it is a compile error already
      await expect(test.storage.insert(pool, [message()])).rejects.toMatchObject(required)
      // @ts-expect-error: it is a compile error already
      await expect(test.storage.insert(pool.pool, [message()])).rejects.toMatchObject(required)
      expect(await test.ids()).toEqual([])
    })

    it('names what the table refuses, and a packet that is too large', async () => {
      await using test = await setup()
      const insert = (fields: Parameters<typeof message>[0]) =>
        test.db.transaction().execute((tx) => test.storage.insert(tx, [message(fields)]))
      await expect(insert({ topic: '' })).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
      await expect(insert({ topic: 't'.repeat(256) })).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
      const [packet] = await test.test.rows('select @@max_allowed_packet as bytes')
      const payload = new Uint8Array(Number(packet?.['bytes']) / 2)
      await expect(insert({ payload })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE', retryable: false })
    })

    it('says that the tables are missing, and what to do', async () => {
      await using test = await setup()
      const storage = mysqlStorage({ db: test.db, tablePrefix: 'none_' })
      const insert = test.db.transaction().execute((tx) => storage.insert(tx, [message()]))
      await expect(insert).rejects.toMatchObject({
        code: 'SCHEMA_STALE',
        message: expect.stringContaining('migrateMysql()'),
      })
    })
  })
})
