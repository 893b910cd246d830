import { describe, expect, it, vi } from 'vitest'
import { migrateMysql, mysqlInbox, mysqlMigrationSql, mysqlStorage } from '../src/index.ts'
import { emptyDatabase, message, migratedDatabase, plainInsert, type TestDatabase } from './database.ts'
import { readmeSql, statementsOf } from './readme.ts'
import { onEachServer } from './servers.ts'
import { useAll } from './use-inbox.ts'

type Role = 'producer' | 'relay' | 'operator' | 'consumer'

/** An account with the grants of the README, as they stand there. */
async function account(test: TestDatabase, role: Role) {
  const made = await test.account('create temporary tables')
  const grants = [...readmeSql('Accounts'), ...readmeSql('The view of locks').slice(0, 1)].flatMap(statementsOf)
  const own = grants.filter((grant) => grant.endsWith(` to ${role}`))
  expect(own).not.toEqual([])
  for (const grant of own) await test.admin.query(grant.replace(` to ${role}`, ` to '${made.user}'@'%'`))
  return made
}

await onEachServer((server) => {
  describe('an account', () => {
    it('of a producer can enqueue, and nothing else', async () => {
      await using test = await migratedDatabase(server)
      const producer = await account(test, 'producer')
      const storage = mysqlStorage({ pool: test.pool(producer) })
      await storage.transaction(async (tx) => {
        await storage.lockKey?.(tx, 'orders\u0000k')
        await storage.insert(tx, [message({ id: 'a', delayMs: 0 })])
        await tx.query("call waybill_enqueue('t', 't', '{}', null, null, null, null, null, null, 'b')")
      })
      for (const verb of ['select id from', 'delete from', 'update'] as const) {
        const refused = test
          .pool(producer)
          .query(`${verb} waybill_messages ${verb === 'update' ? 'set crashes = 0' : ''}`)
        await expect(refused).rejects.toMatchObject({ errno: 1142 })
      }
      await expect(storage.count()).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' })
      const joining = storage.join({ label: 'relay', leaseMs: 30_000 })
      await expect(joining).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' })
      await storage.close()
    })

    it('of a relay can publish, retry and bury, and sees the locks', async () => {
      await using test = await migratedDatabase(server)
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      const storage = mysqlStorage({ pool: test.pool(await account(test, 'relay')), retentionMs: 60_000 })
      for (const id of ['a', 'b', 'c']) await plainInsert(test.admin, id)
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      expect(warn).not.toHaveBeenCalled()
      warn.mockRestore()
      const request = { limit: 10, maxBytes: 1e6, skipTopics: [], probeTopics: [] }
      const { messages } = await storage.claim(session, request)
      const error = { code: 'BROKER_REJECTED', message: 'no' }
      const tokens = messages.map(({ token }) => token)
      const [first, second, third] = tokens
      if (first === undefined || second === undefined || third === undefined) throw new Error('Three were expected')
      await storage.markPublishing(session, tokens)
      await storage.settle(session, [
        { type: 'published', token: first },
        { type: 'dead', token: second, reason: 'rejected', spendsAttempt: true, error },
        { type: 'retry', token: third, delayMs: 1, spendsAttempt: true, error },
      ])
      await expect.poll(async () => (await storage.claim(session, request)).messages.length).toBe(1)
      expect(await storage.renew(session)).toEqual({ held: true })
      await storage.leave(session)
      await storage.close()
    })

    it('of an operator can look, redrive, discard and prune', async () => {
      await using test = await migratedDatabase(server)
      const storage = mysqlStorage({ pool: test.pool(await account(test, 'operator')) })
      const columns = 'id, topic, type, payload, status, died_at, dead_reason, last_error'
      const dead = (id: string) => [id, 't', 't', '{}', 'DEAD', 1, 'rejected', '{"code":"X","message":"no"}']
      await test.admin.query(`insert into waybill_messages (${columns}) values ?`, [[dead('a'), dead('b')]])
      await test.admin.query(
        "insert into waybill_messages (id, topic, type, payload, status, published_at) values ('c', 't', 't', '{}', 'PUBLISHED', 1)",
      )
      expect(await storage.count()).toMatchObject({ published: 1, dead: 2 })
      expect((await storage.inspect('a'))?.status).toBe('DEAD')
      expect(await storage.deadLetters.redrive({ ids: ['a'] })).toBe(1)
      expect(await storage.deadLetters.discard({ ids: ['b'] })).toBe(1)
      expect(await storage.prune({ olderThanMs: 0 })).toBe(1)
      expect(await storage.count()).toMatchObject({ pending: 1, published: 0, dead: 0 })
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' })
      await storage.close()
    })

    it('of who migrates can go up and down', async () => {
      await using test = await emptyDatabase(server)
      const made = await test.account('create, alter, index, drop, insert, select, create routine, alter routine')
      const pool = test.pool(made)
      await migrateMysql({ pool })
      await migrateMysql({ pool })
      for (const statement of statementsOf(mysqlMigrationSql('down'))) await pool.query(statement)
      expect(await test.rows('show tables')).toEqual([])
    })

    it('of a consumer can keep receipts', async () => {
      await using test = await migratedDatabase(server)
      const inbox = mysqlInbox({ pool: test.pool(await account(test, 'consumer')) })
      const receipts = [{ consumer: 'billing', key: 'a' }]
      expect(await inbox.transaction((tx) => inbox.record(tx, receipts))).toEqual(['recorded'])
      expect(await inbox.transaction((tx) => inbox.record(tx, receipts))).toEqual(['duplicate'])
      await useAll(inbox)
      expect(await inbox.prune({ olderThanMs: 0 })).toBe(1)
    })
  })
})
