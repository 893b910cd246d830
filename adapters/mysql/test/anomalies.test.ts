import type { Connection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { mysqlStorage } from '../src/index.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { onEachServer } from './servers.ts'

/** What each anomaly is shown on: an outbox by the usual recipe, and ours. Both publish what they take. */
interface Publisher {
  /** Publishes at most so many messages that it finds now. Answers their ids. */
  publish(limit?: number): Promise<readonly string[]>
}

/** Reads behind a cursor. */
async function cursorPublisher(test: TestDatabase): Promise<Publisher> {
  let cursor = 0
  return {
    async publish(limit = 100) {
      const query = 'select position, id from waybill_messages where position > ? order by position limit ?'
      const rows = await test.rows(query, [cursor, limit])
      cursor = Number(rows.at(-1)?.['position'] ?? cursor)
      return rows.map((row) => row['id'])
    },
  }
}

/** Deletes what it has published, reads behind a cursor to be fast, and looks for what it has missed once it finds nothing. */
async function sweepingPublisher(test: TestDatabase): Promise<Publisher> {
  const behindCursor = await cursorPublisher(test)
  const remove = (ids: readonly string[]) =>
    ids.length > 0 ? test.admin.query('delete from waybill_messages where id in (?)', [ids]) : undefined
  return {
    async publish(limit) {
      const found = await behindCursor.publish(limit)
      const ids = found.length > 0 ? found : await (await cursorPublisher(test)).publish(limit)
      await remove(ids)
      return ids
    },
  }
}

async function ourPublisher(test: TestDatabase): Promise<Publisher & AsyncDisposable> {
  const storage = mysqlStorage({ pool: test.pool(), retentionMs: 0 })
  const session = await storage.join({ label: 'relay', leaseMs: 60_000 })
  return {
    async publish(limit = 100) {
      const request = { limit, maxBytes: 1e6, skipTopics: [], probeTopics: [] }
      const { messages } = await storage.claim(session, request)
      const tokens = messages.map(({ token }) => token)
      await storage.markPublishing(session, tokens)
      await storage.settle(
        session,
        tokens.map((token) => ({ type: 'published', token })),
      )
      return messages.map((claimed) => claimed.message.id)
    },
    [Symbol.asyncDispose]: () => storage.close(),
  }
}

function insert(connection: Connection, id: string, key = id): Promise<unknown> {
  const sql = "insert into waybill_messages (id, topic, type, payload, ordering_key) values (?, 'orders', 't', '{}', ?)"
  return connection.query(sql, [id, key])
}

async function open(test: TestDatabase, isolation = 'repeatable read'): Promise<Connection> {
  const connection = await test.connect()
  await connection.query(`set session transaction isolation level ${isolation}`)
  await connection.query('set session innodb_lock_wait_timeout = 1')
  await connection.query('begin')
  return connection
}

await onEachServer((server) => {
  describe('a message that commits behind the cursor', () => {
    async function publishedAround(test: TestDatabase, publisher: Publisher) {
      const slow = await open(test)
      await insert(slow, 'slow')
      await insert(test.admin, 'fast')
      const before = await publisher.publish()
      await slow.query('commit')
      return [before, await publisher.publish()]
    }

    it('is lost by a relay that keeps a cursor', async () => {
      await using test = await migratedDatabase(server)
      expect(await publishedAround(test, await cursorPublisher(test))).toEqual([['fast'], []])
    })

    it('is published by ours', async () => {
      await using test = await migratedDatabase(server)
      await using publisher = await ourPublisher(test)
      expect(await publishedAround(test, publisher)).toEqual([['fast'], ['slow']])
    })
  })

  describe('two messages of a key whose producers take turns', () => {
    /** The first draws its position early and commits late; the second waits for the key, and draws and commits after it. */
    async function orderOfKey(test: TestDatabase, publisher: Publisher) {
      const first = await open(test)
      await insert(first, 'K:v1', 'K')
      await insert(test.admin, 'J', 'J')
      const published = [...(await publisher.publish(1))]
      await first.query('commit')
      await insert(test.admin, 'K:v2', 'K')
      for (let round = 0; round < 3; round++) published.push(...(await publisher.publish(1)))
      return published
    }

    it('are reversed by a relay whose cursor ignores open writers', async () => {
      await using test = await migratedDatabase(server)
      expect(await orderOfKey(test, await sweepingPublisher(test))).toEqual(['J', 'K:v2', 'K:v1'])
    })

    it('keep their order in ours', async () => {
      await using test = await migratedDatabase(server)
      await using publisher = await ourPublisher(test)
      expect(await orderOfKey(test, publisher)).toEqual(['J', 'K:v1', 'K:v2'])
    })
  })

  describe('a producer beside a relay', () => {
    const claim = `select position from waybill_messages where status = 'PENDING' and available_at is null
      order by position limit 100 for update skip locked`

    it('waits for one that claims rows at the usual isolation', async () => {
      await using test = await migratedDatabase(server)
      for (const id of ['a', 'b', 'c']) await insert(test.admin, id)
      const relay = await open(test)
      await relay.query(claim)
      const producer = await open(test)
      await expect(insert(producer, 'd')).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
    })

    it('runs into a deadlock with another one when both also claim, as a service with its own relay does', async () => {
      await using test = await migratedDatabase(server)
      const [first, second] = [await open(test), await open(test)]
      for (const connection of [first, second]) await connection.query(claim)
      const outcomes = await Promise.allSettled([insert(first, 'a'), insert(second, 'b')])
      const codes = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
      expect(codes).toEqual(['ER_LOCK_DEADLOCK'])
    })

    it('neither waits for ours nor makes it wait', async () => {
      await using test = await migratedDatabase(server)
      await using publisher = await ourPublisher(test)
      for (const id of ['a', 'b', 'c']) await insert(test.admin, id)
      const producers = [await open(test), await open(test)]
      for (const [index, producer] of producers.entries()) await insert(producer, `open-${index}`)
      expect(await publisher.publish()).toEqual(['a', 'b', 'c'])
      for (const [index, producer] of producers.entries()) await insert(producer, `more-${index}`)
      for (const producer of producers) await producer.query('commit')
      expect(await publisher.publish()).toHaveLength(4)
    })
  })
})
