import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RelaySource } from '@waybill/core/contracts'
import { createPool } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase, plainInsert } from './database.ts'
import { onEachServer } from './servers.ts'

const claimAll = { limit: 100, maxBytes: 1e6, skipTopics: [], probeTopics: [] }

async function publishAll(source: RelaySource, session: Awaited<ReturnType<RelaySource['join']>>) {
  const { messages } = await source.claim(session, claimAll)
  const tokens = messages.map(({ token }) => token)
  await source.markPublishing(session, tokens)
  await source.settle(
    session,
    tokens.map((token) => ({ type: 'published', token })),
  )
  return messages.map((claimed) => claimed.message.id)
}

await onEachServer((server) => {
  describe('a relay', () => {
    it('needs none of the pool’s connections', async () => {
      await using test = await migratedDatabase(server)
      const pool = test.pool({ connectionLimit: 1 })
      const storage = mysqlStorage({ pool })
      const taken = await pool.getConnection()
      await taken.beginTransaction()
      await storage.insert(taken, [message({ id: 'a' })])
      await taken.commit()
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      expect(await publishAll(storage, session)).toEqual(['a'])
      expect((await storage.count()).published).toBe(1)
      await storage.close()
    })

    it('takes turns on the connections of a Kysely instance, even if there is but one', async () => {
      await using test = await migratedDatabase(server)
      const storage = mysqlStorage({
        db: test.kysely({ connectionLimit: 1, bigNumberStrings: true, supportBigNumbers: true }),
      })
      await plainInsert(test.admin, 'a')
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      const [published, held] = await Promise.all([publishAll(storage, session), storage.renew(session)])
      expect(published).toEqual(['a'])
      expect(held).toEqual({ held: true })
      await storage.leave(session)
    })

    it('goes on after its connections have been ended', async () => {
      await using test = await migratedDatabase(server)
      const storage = mysqlStorage({ pool: test.pool() })
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      await plainInsert(test.admin, 'a')
      expect(await publishAll(storage, session)).toEqual(['a'])
      for (const { id } of await test.others()) await test.kill(id)
      await plainInsert(test.admin, 'b')
      await expect
        .poll(() => publishAll(storage, session).catch((error: { code: string }) => [error.code]), { timeout: 10_000 })
        .toEqual(['b'])
      expect(await storage.renew(session)).toEqual({ held: true })
      await storage.close()
    })

    it('gives up a connection that does not answer', async () => {
      await using test = await migratedDatabase(server)
      const storage = mysqlStorage({ pool: test.pool(), statementTimeoutMs: 300, lockTimeoutMs: 60_000 })
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      await test.admin.query('begin')
      await test.admin.query('select * from waybill_relays for update')
      const unanswered = { code: 'STORAGE_UNAVAILABLE', retryable: true }
      await expect(storage.renew(session)).rejects.toMatchObject(unanswered)
      await test.admin.query('rollback')
      expect(await storage.renew(session)).toEqual({ held: true })
      await storage.close()
    })

    it('gives up a server that hangs up before its greeting', async () => {
      const server = createServer((socket) => socket.end()).listen(0)
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const pool = createPool({ host: '127.0.0.1', port, user: 'relay', database: 'orders' })
      const storage = mysqlStorage({ pool })
      const ended = { code: 'STORAGE_UNAVAILABLE', retryable: true }
      await expect(storage.join({ label: 'relay', leaseMs: 30_000 })).rejects.toMatchObject(ended)
      await expect(storage.count()).rejects.toMatchObject(ended)
      await storage.close()
      await pool.end()
      server.close()
    })

    it('has nothing left to say once its storage is closed', async () => {
      await using test = await migratedDatabase(server)
      const storage = mysqlStorage({ pool: test.pool() })
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      await storage.close()
      await storage.close()
      await expect(storage.renew(session)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      await expect.poll(async () => (await test.others()).length, { timeout: 10_000 }).toBe(1)
    })

    it('does not hold up the end of its process', async () => {
      await using test = await migratedDatabase(server)
      const program = fileURLToPath(new URL('./another-process.ts', import.meta.url))
      const node = ['--conditions=@waybill/source', '--disable-warning=ExperimentalWarning', program, test.url]
      const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: 15_000 })
      expect(stdout).toBe('joined\n')
    })
  })
})
