import { describe, expect, it } from 'vitest'
import { mysqlInbox, mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase, type TestDatabase } from './database.ts'
import { onEachServer } from './servers.ts'

/** An account with what the README says that it needs, by table. */
async function account(test: TestDatabase, grants: Readonly<Record<string, string>>) {
  const made = await test.account('create temporary tables')
  for (const [table, privileges] of Object.entries(grants)) {
    await test.admin.query(`grant ${privileges} on \`${test.name}\`.waybill_${table} to '${made.user}'@'%'`)
  }
  return made
}

const all = 'select, insert, update, delete'
const ofRelays = ['messages', 'relays', 'lanes', 'holds', 'suspects', 'meta']

await onEachServer((server) => {
  describe('an account', () => {
    it('of a producer can enqueue, and nothing else', async () => {
      await using test = await migratedDatabase(server)
      const producer = await account(test, { messages: 'insert', key_locks: 'select, update' })
      const storage = mysqlStorage({ pool: test.pool(producer) })
      await storage.transaction(async (tx) => {
        await storage.lockKey?.(tx, 'orders\u0000k')
        await storage.insert(tx, [message({ id: 'a', delayMs: 0 })])
      })
      await expect(storage.count()).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' })
      const joining = storage.join({ label: 'relay', leaseMs: 30_000 })
      await expect(joining).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' })
      await storage.close()
    })

    it('of a relay and operator can publish, inspect, redrive and prune', async () => {
      await using test = await migratedDatabase(server)
      const relay = await account(test, Object.fromEntries(ofRelays.map((table) => [table, all])))
      await test.admin.query(`grant select on performance_schema.metadata_locks to '${relay.user}'@'%'`)
      const storage = mysqlStorage({ pool: test.pool(relay) })
      await storage.transaction((tx) => storage.insert(tx, [message({ id: 'a' }), message({ id: 'b' })]))
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      const request = { limit: 10, maxBytes: 1e6, skipTopics: [], probeTopics: [] }
      const { messages } = await storage.claim(session, request)
      const error = { code: 'BROKER_REJECTED', message: 'no' }
      const [first, second] = messages.map(({ token }) => token)
      if (first === undefined || second === undefined) throw new Error('Two messages were expected')
      await storage.markPublishing(session, [first, second])
      await storage.settle(session, [
        { type: 'published', token: first },
        { type: 'dead', token: second, reason: 'rejected', spendsAttempt: true, error },
      ])
      expect(await storage.count()).toMatchObject({ published: 1, dead: 1 })
      expect((await storage.inspect('b'))?.status).toBe('DEAD')
      expect(await storage.deadLetters.redrive({ all: true })).toBe(1)
      expect(await storage.prune({ olderThanMs: 0 })).toBe(1)
      await storage.leave(session)
      await storage.close()
    })

    it('of a consumer can keep receipts', async () => {
      await using test = await migratedDatabase(server)
      const inbox = mysqlInbox({ pool: test.pool(await account(test, { receipts: all })) })
      const receipts = [{ consumer: 'billing', key: 'a' }]
      expect(await inbox.transaction((tx) => inbox.record(tx, receipts))).toEqual(['recorded'])
      expect(await inbox.transaction((tx) => inbox.record(tx, receipts))).toEqual(['duplicate'])
      expect(await inbox.prune({ olderThanMs: 0 })).toBe(1)
    })
  })
})
