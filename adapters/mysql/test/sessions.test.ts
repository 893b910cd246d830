import type { Connection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { mysqlInbox, mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase } from './database.ts'
import { onEachServer } from './servers.ts'
import { everything, storeSetup } from './store-setup.ts'

/** Settings that an application may have given its sessions. */
const settings: Readonly<Record<string, string>> = {
  'quotes that are identifiers': "sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE'",
  'backslashes that are characters': "sql_mode = 'NO_BACKSLASH_ESCAPES'",
  'no strictness': "sql_mode = ''",
  'another time zone': "time_zone = '+09:30'",
  'another collation': "collation_connection = 'utf8mb4_general_ci'",
  'another isolation': "tx_isolation = 'SERIALIZABLE'",
}

/** What breaks where it is not escaped or compared as it should be. */
const difficult = {
  orderingKey: "it's \\' \"-- \u{1F600}",
  headers: { 'x-a': "\\', 'b" },
  payload: new Uint8Array([0, 39, 92, 255]),
} as const

async function inTransaction(connection: Connection, work: () => Promise<unknown>): Promise<void> {
  await connection.beginTransaction()
  await work()
  await connection.commit()
}

await onEachServer((server) => {
  describe('an application whose sessions have', () => {
    it.for(Object.entries(settings))('%s can enqueue and keep receipts', async ([, given]) => {
      const setting = server.name === 'MySQL' ? given.replace('tx_isolation', 'transaction_isolation') : given
      await using setup = await storeSetup(server)
      const { test, store } = setup
      const pool = test.pool({}, setting)
      const [storage, inbox] = [mysqlStorage({ pool }), mysqlInbox({ pool })]
      const connection = await pool.getConnection()
      const sent = message(difficult)
      await inTransaction(connection, async () => {
        await storage.lockKey?.(connection, difficult.orderingKey)
        await storage.insert(connection, [sent, message({ delayMs: 3_600_000 })])
        await inbox.record(connection, [{ consumer: 'billing', key: difficult.orderingKey }])
      })
      const key = (each: string) => [{ consumer: 'billing', key: each }]
      const record = (each: string) => inbox.transaction((tx) => inbox.record(tx, key(each)))
      expect(await record(difficult.orderingKey)).toEqual(['duplicate'])
      expect(await record(difficult.orderingKey.toUpperCase())).toEqual(['recorded'])
      const { rows, nextAvailableAt } = await store.read(everything)
      expect(rows.map((row) => row.message)).toMatchObject([{ ...difficult, payload: Buffer.from(difficult.payload) }])
      expect(Math.abs((nextAvailableAt ?? 0) - Date.now() - 3_600_000)).toBeLessThan(10_000)
    })
  })

  it('a relay whose own connections it does not set up refuses a mode in which values cannot be trusted', async () => {
    await using test = await migratedDatabase(server)
    const db = test.kysely({}, "sql_mode = 'NO_BACKSLASH_ESCAPES'")
    const storage = mysqlStorage({ db })
    const refusal = { code: 'STORAGE_UNSUPPORTED', message: expect.stringContaining('NO_BACKSLASH_ESCAPES') }
    await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject(refusal)
  })

  it('callers at repeatable read enqueue beside each other, also for one key', async () => {
    await using test = await migratedDatabase(server)
    const storage = mysqlStorage({ pool: test.pool() })
    const connections = [await test.connect(), await test.connect(), await test.connect()]
    for (const connection of connections) {
      await connection.query('set session transaction isolation level repeatable read')
      await connection.query('set session innodb_lock_wait_timeout = 1')
      await connection.beginTransaction()
      await connection.query('select * from waybill_messages')
    }
    for (const connection of [...connections, ...connections.toReversed()]) {
      await storage.insert(connection, [message({ orderingKey: 'k' })])
    }
    for (const connection of connections) await connection.commit()
    expect((await storage.count()).pending).toBe(6)
    await storage.close()
  })
})
