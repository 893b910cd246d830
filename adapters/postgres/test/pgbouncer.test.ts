import { once } from 'node:events'
import { onServer, type Server, sharedPgBouncer, startPgBouncer } from '@waybill/conformance/containers'
import { Relay } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { message, migratedDatabase, server } from './server.ts'

const pooler = await sharedPgBouncer()

/** The same schema as seen through the pooler, which takes no settings with the connection. */
async function setup(postgres: Server, { url: poolerUrl }: Server) {
  const test = await migratedDatabase(postgres)
  const url = new URL(poolerUrl)
  url.pathname = new URL(test.url).pathname
  const pool = new pg.Pool({ connectionString: url.href })
  pool.on('error', () => undefined)
  return {
    test,
    pool,
    schema: test.schema,
    async [Symbol.asyncDispose]() {
      await pool.end()
      await test[Symbol.asyncDispose]()
    },
  }
}

onServer(server, { it }, (postgres) =>
  onServer(pooler, { it }, (pgBouncer) => {
    it('leaves no setting of a relay behind on a connection that others use', async () => {
      await using test = await setup(postgres, pgBouncer)
      const storage = postgresStorage({ pool: test.pool, schema: test.schema })
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      await storage.claim(session, { limit: 1, maxBytes: 1000, skipTopics: [], probeTopics: [] })
      const { rows } = await test.pool.query('show enable_seqscan')
      expect(rows).toEqual([{ enable_seqscan: 'on' }])
      await storage.leave(session)
      await storage.close()
    })

    it('a producer prepares no statement on a connection that others use', async () => {
      await using test = await setup(postgres, pgBouncer)
      const storage = postgresStorage({ pool: test.pool, schema: test.schema })
      for (let number = 0; number < 10; number++) {
        await storage.transaction(async (tx) => {
          await storage.insert(tx, [message()])
          expect((await tx.query('select name from pg_prepared_statements')).rows).toEqual([])
        })
      }
      expect(await storage.count()).toMatchObject({ pending: 10 })
      await storage.close()
    })

    it('a relay says that LISTEN is swallowed, and polls', async () => {
      await using test = await setup(postgres, pgBouncer)
      const storage = postgresStorage({ pool: test.pool, schema: test.schema })
      const publisher = memoryPublisher()
      const errors: unknown[] = []
      const relay = new Relay({ storage, publisher, pollIntervalMs: 50, idlePollIntervalMs: 50 })
      relay.on('error', (error) => errors.push(error))
      await relay.start()
      expect(errors).toMatchObject([{ code: 'STORAGE_UNSUPPORTED', message: expect.stringContaining('listenUrl') }])
      await test.test.query(`select waybill_enqueue('orders', 'order.placed', '{}')`)
      await expect.poll(() => publisher.published.length, { timeout: 10_000 }).toBe(1)
      await relay.stop()
      await storage.close()
    })

    it('warns that LISTEN is swallowed also by a pooler that was away at first', async () => {
      const own = await startPgBouncer({ upstream: postgres })
      if (!own.available) throw new Error(own.reason)
      await using test = await setup(postgres, pgBouncer)
      const url = new URL(own.url)
      url.pathname = new URL(test.test.url).pathname
      const storage = postgresStorage({ pool: test.pool, schema: test.schema, listenUrl: url.href })
      await own.kill()
      const warned = once(process, 'warning')
      const subscription = await storage.wakeups?.subscribe(() => undefined)
      await own.restart()
      expect(await warned).toMatchObject([
        { code: 'WAYBILL_NO_WAKEUPS', message: expect.stringContaining('listenUrl') },
      ])
      await subscription?.[Symbol.asyncDispose]()
      await storage.close()
      await own.stop()
    })

    it('says that LISTEN is swallowed, and listens where it is told to', async () => {
      await using test = await setup(postgres, pgBouncer)
      const { pool, schema } = test
      const swallowed = postgresStorage({ pool, schema })
      await expect(swallowed.wakeups?.subscribe(() => undefined)).rejects.toMatchObject({
        code: 'STORAGE_UNSUPPORTED',
        message: expect.stringContaining('listenUrl'),
      })
      const direct = postgresStorage({ pool, schema, listenUrl: test.test.url })
      await using _ = await direct.wakeups?.subscribe(() => undefined)
      await swallowed.close()
      await direct.close()
    })
  }),
)
