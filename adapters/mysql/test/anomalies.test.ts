import type { Connection, RowDataPacket } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { mysqlStorage } from '../src/index.ts'
import { message, migratedDatabase, type TestDatabase } from './database.ts'
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

  describe('two relays and the rows of one key', () => {
    const ids = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6']
    const fill = async (test: TestDatabase) => {
      for (const id of ids) await insert(test.admin, id, 'k')
    }

    it('hold some each, if they lock rows and pass over those that others have locked', async () => {
      await using test = await migratedDatabase(server)
      await fill(test)
      const claim = `select id from waybill_messages as messages where status = 'PENDING' and not exists (
        select 1 from waybill_messages as head where head.ordering_key = messages.ordering_key and head.status = 'PROCESSING'
      ) order by position limit 3 for update skip locked`
      const claims: unknown[] = []
      for (const relay of [await open(test, 'read committed'), await open(test, 'read committed')]) {
        const [rows] = await relay.query<RowDataPacket[]>(claim)
        claims.push(rows.map((row) => row['id']))
      }
      expect(claims).toEqual([ids.slice(0, 3), ids.slice(3)])
    })

    it('are published by one of ours', async () => {
      await using test = await migratedDatabase(server)
      await using first = await ourPublisher(test)
      await using second = await ourPublisher(test)
      await fill(test)
      const published = await Promise.all([first.publish(), second.publish()])
      expect(published.filter((each) => each.length > 0)).toEqual([ids])
    })
  })

  describe('times and payloads', () => {
    const payload = '{"b":1,"a":12345678901234567890,"b":2}'
    const at = Date.UTC(2026, 0, 1, 0, 0, 0, 600)

    it('are changed by columns of the usual types', async () => {
      await using test = await migratedDatabase(server)
      await test.admin.query('create table naive (at datetime, payload json)')
      const elsewhere = test.pool({ timezone: '+05:00' })
      await elsewhere.query('insert into naive values (?, ?)', [new Date(at), payload])
      const [row] = await test.rows('select at, cast(payload as char) as payload from naive')
      expect(row?.['at']).not.toEqual(new Date(at))
      if (server.name === 'MySQL') expect(row?.['payload']).not.toBe(payload)
    })

    it('are kept by ours, to the millisecond and the byte', async () => {
      await using test = await migratedDatabase(server)
      const storage = mysqlStorage({ pool: test.pool({ timezone: '+05:00' }, "time_zone = '-03:30'") })
      const bytes = new TextEncoder().encode(payload)
      await storage.transaction((tx) =>
        storage.insert(tx, [message({ payload: bytes, createdAt: at, availableAt: at })]),
      )
      const session = await storage.join({ label: 'relay', leaseMs: 60_000 })
      const { messages } = await storage.claim(session, { limit: 1, maxBytes: 1e6, skipTopics: [], probeTopics: [] })
      expect(messages.map((claimed) => claimed.message)).toMatchObject([{ createdAt: at, availableAt: at }])
      expect(Buffer.from(messages[0]?.message.payload ?? []).toString()).toBe(payload)
      await storage.close()
    })
  })
})
