import type { Server } from '@waybill/conformance/containers'
import { describe, expect, it, vi } from 'vitest'
import { mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase, plainInsert } from './database.ts'
import { onEachServer } from './servers.ts'
import { everything, storeSetup } from './store-setup.ts'

/** A store whose relay has looked at the server. */
async function watching(server: Server) {
  const setup = await storeSetup(server)
  await setup.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
  // A read tells of the positions that have been drawn.
  const barrier = async () => {
    await setup.store.read(everything)
    return await setup.store.barrier?.()
  }
  return Object.assign(setup, { barrier })
}

await onEachServer((server) => {
  describe('the barrier', () => {
    it('tells who has an uncommitted message, and which positions have been drawn', async () => {
      await using test = await watching(server)
      expect(await test.barrier()).toEqual({ last: 0, writers: [] })
      await test.insert([message(), message()])
      expect(await test.barrier()).toEqual({ last: 2, writers: [] })
      const slow = await test.test.connect()
      await slow.beginTransaction()
      await plainInsert(slow, 'slow')
      await test.insert([message()])
      const open = await test.barrier()
      expect(open).toEqual({ last: 4, writers: [expect.any(String)] })
      await plainInsert(slow, 'slow again')
      expect(await test.barrier()).toEqual(open)
      await slow.commit()
      expect(await test.barrier()).toEqual({ last: 5, writers: [] })
    })

    it('tells of a writer that has drawn a position and waits for a lock before its row is there', async () => {
      await using test = await watching(server)
      const first = await test.test.connect()
      await first.beginTransaction()
      await plainInsert(first, 'same id')
      const second = await test.test.connect()
      await second.beginTransaction()
      const waits = plainInsert(second, 'same id')
      await expect.poll(async () => (await test.barrier())?.writers.length, { timeout: 10_000 }).toBe(2)
      // Not before it in the index of ids, where the one that waits has locked the gap.
      await test.insert([message({ id: 'z' })])
      expect(await test.barrier()).toMatchObject({ last: 3, writers: { length: 2 } })
      await first.rollback()
      await waits
      await second.commit()
      expect(await test.barrier()).toEqual({ last: 3, writers: [] })
    })

    it('tells of a bulk insert that has reserved positions', async () => {
      await using test = await watching(server)
      await test.producer.query('create table source (id varchar(20), place int)')
      await test.producer.query("insert into source values ('a', 1), ('b', 2), ('c', 3)")
      await test.test.admin.query('select get_lock(?, 0)', [test.test.name])
      const wait = "if(place = 3, get_lock(database(), 20), '{}')"
      const bulk = test.producer.query(
        `insert into waybill_messages (id, topic, type, payload) select id, 't', 't', ${wait} from source order by place`,
      )
      await expect.poll(async () => (await test.barrier())?.writers.length, { timeout: 10_000 }).toBe(1)
      await test.test.admin.query('select release_lock(?)', [test.test.name])
      await bulk
      expect(await test.barrier()).toEqual({ last: 3, writers: [] })
    })

    it('asks for the highest position too, which another relay may be reading', async () => {
      await using test = await watching(server)
      await test.insert([message(), message()])
      await expect.poll(() => test.store.barrier?.(), { timeout: 10_000 }).toEqual({ last: 2, writers: [] })
    })

    it('is not held up by readers, nor by writers of other tables', async () => {
      await using test = await watching(server)
      await test.insert([message()])
      await test.producer.query('create table orders (id int)')
      await test.producer.query('begin')
      await test.producer.query('insert into orders values (1)')
      await test.producer.query('select * from waybill_messages')
      expect(await test.barrier()).toEqual({ last: 1, writers: [] })
    })
  })

  describe('without a view of the locks', () => {
    async function setup() {
      const test = await migratedDatabase(server)
      const storage = mysqlStorage({ pool: test.pool(await test.account('all')) })
      return {
        test,
        storage,
        async [Symbol.asyncDispose]() {
          await storage.close()
          await test[Symbol.asyncDispose]()
        },
      }
    }

    it('publishes all the same, and says at the start what would mend it', async ({ skip }) => {
      await using test = await setup()
      const [plugin] = await test.test.rows(
        "select 1 from information_schema.plugins where plugin_name = 'METADATA_LOCK_INFO'",
      )
      skip(plugin !== undefined, 'the plugin is there, which any account can read')
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      const session = await test.storage.join({ label: 'relay', leaseMs: 30_000 })
      expect(warn).toHaveBeenCalledWith(expect.stringMatching(/GRANT SELECT|INSTALL SONAME/), {
        code: 'WAYBILL_NO_FLOOR',
      })
      warn.mockRestore()
      const published: string[] = []
      for (const id of ['a', 'b', 'c']) {
        await plainInsert(test.test.admin, id)
        const request = { limit: 10, maxBytes: 1e6, skipTopics: [], probeTopics: [] }
        const { messages } = await test.storage.claim(session, request)
        published.push(...messages.map((claimed) => claimed.message.id))
        await test.storage.settle(
          session,
          messages.map(({ token }) => ({ type: 'published', token })),
        )
      }
      expect(published).toEqual(['a', 'b', 'c'])
    })
  })
})
