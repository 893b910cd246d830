import { onServer, type Server } from '@waybill/conformance/containers'
import { Outbox } from '@waybill/core'
import type { OutboxMessage } from '@waybill/core/contracts'
import type { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { type PostgresExecutor, postgresStorage } from '../src/index.ts'
import { message, migratedDatabase, server } from './server.ts'

const required = { code: 'TRANSACTION_REQUIRED', retryable: false }

async function setup(postgres: Server) {
  const test = await migratedDatabase(postgres)
  const storage = postgresStorage({ pool: test.pool, db: test.db })
  return {
    test,
    storage,
    outbox: new Outbox({ storage }),
    async ids(): Promise<readonly unknown[]> {
      return (await test.query('select id from waybill_messages order by position')).map(({ id }) => id)
    },
    async begun(): Promise<Client> {
      const client = await test.connect()
      await client.query('begin')
      return client
    },
    async [Symbol.asyncDispose]() {
      await storage.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

/** As of a client that Waybill knows nothing of. */
function executor(client: Client): PostgresExecutor {
  return { executeSql: (text, values) => client.query(text, [...values]) }
}

onServer(server, { it }, (postgres) => {
  describe('insert', () => {
    it('keeps the order of many messages over several statements', async () => {
      await using test = await setup(postgres)
      const messages = Array.from({ length: 5010 }, () => message())
      await test.storage.transaction((tx) => test.storage.insert(tx, messages))
      expect(await test.ids()).toEqual(messages.map(({ id }) => id))
    })

    it('counts a delay by the server’s clock, beside messages without one', async () => {
      await using test = await setup(postgres)
      const messages = [message({ delayMs: 60_000 }), message({ availableAt: 5 }), message()]
      await test.storage.transaction((tx) => test.storage.insert(tx, messages))
      const rows = await test.test.query<{ due: number | null }>(
        `select (available_at - extract(epoch from clock_timestamp()) * 1000)::float8 as due
         from waybill_messages where available_at is distinct from 5 order by position`,
      )
      expect(rows[0]?.due).toBeGreaterThan(50_000)
      expect(rows[0]?.due).toBeLessThanOrEqual(60_000)
      expect(rows[1]?.due).toBeNull()
    })

    it('keeps its statement prepared for a client of pg, and gives that up when somebody takes it away', async () => {
      await using test = await setup(postgres)
      const client = await test.begun()
      const prepared = async () =>
        (await client.query(`select generic_plans + custom_plans as runs from pg_prepared_statements`)).rows
      await test.storage.insert(client, [message({ id: 'a' })])
      await test.storage.insert(client, [message({ id: 'b' })])
      await test.storage.insert(client, [message({ id: 'c' }), message(), message()])
      expect(await prepared()).toEqual([{ runs: '2' }])
      await client.query('commit')
      await client.query('discard all')
      await client.query('begin')
      const lost = { code: 'STORAGE_UNAVAILABLE', retryable: true }
      await expect(test.storage.insert(client, [message({ id: 'd' })])).rejects.toMatchObject(lost)
      await client.query('rollback')
      await client.query('begin')
      await test.storage.insert(client, [message({ id: 'd' })])
      await client.query('commit')
      expect(await prepared()).toEqual([])
      expect(await test.ids()).toMatchObject(['a', 'b', 'c', expect.anything(), expect.anything(), 'd'])
    })

    it('takes a transaction of Kysely, of pg and of any other client', async () => {
      await using test = await setup(postgres)
      await test.test.db.transaction().execute((tx) => test.storage.insert(tx, [message({ id: 'kysely' })]))
      for (const [id, how] of [
        ['pg', (client: Client) => client],
        ['other', executor],
      ] as const) {
        for (const end of ['rollback', 'commit']) {
          const client = await test.begun()
          await test.storage.insert(how(client), [message({ id })])
          await client.query(end)
        }
      }
      expect(await test.ids()).toEqual(['kysely', 'pg', 'other'])
    })

    it('takes part in a savepoint', async () => {
      await using test = await setup(postgres)
      const client = await test.begun()
      await test.storage.insert(client, [message({ id: 'before' })])
      await client.query('savepoint here')
      await test.storage.insert(client, [message({ id: 'undone' })])
      await client.query('rollback to savepoint here')
      await client.query('commit')
      expect(await test.ids()).toEqual(['before'])
    })

    it('refuses whatever is not in a transaction, and writes nothing', async () => {
      await using test = await setup(postgres)
      const idle = await test.test.connect()
      const committed = await test.test.db.transaction().execute(async (tx) => ({ tx }))
      // @ts-expect-error: it is a compile error already
      await expect(test.storage.insert(test.test.db, [message()])).rejects.toMatchObject(required)
      // @ts-expect-error: it is a compile error already
      await expect(test.storage.insert(test.test.pool, [message()])).rejects.toMatchObject(required)
      for (const handle of [idle, executor(idle), committed.tx]) {
        await expect(test.storage.insert(handle, [message()])).rejects.toMatchObject(required)
        await expect(test.storage.lockKey?.(handle, 'orders\u0000k')).rejects.toMatchObject(required)
      }
      expect(await test.ids()).toEqual([])
    })

    it('refuses a client whose driver does not tell its state, when it is idle', async () => {
      await using test = await setup(postgres)
      const old = (client: Client): Client =>
        new Proxy(client, {
          get: (target, name) => (name === 'getTransactionStatus' ? undefined : Reflect.get(target, name)),
        })
      await expect(test.storage.insert(old(await test.test.connect()), [message()])).rejects.toMatchObject(required)
      const client = await test.begun()
      await test.storage.insert(old(client), [message({ id: 'a' })])
      await client.query('commit')
      expect(await test.ids()).toEqual(['a'])
    })

    it('refuses a transaction that has failed already', async () => {
      await using test = await setup(postgres)
      const client = await test.begun()
      await client.query('select 1 / 0').catch(() => undefined)
      await expect(test.storage.insert(client, [message()])).rejects.toMatchObject({
        ...required,
        message: expect.stringContaining('failed already'),
      })
    })

    it('names what the table refuses', async () => {
      await using test = await setup(postgres)
      const insert = (fields: Parameters<typeof message>[0]) =>
        test.storage.transaction((tx) => test.storage.insert(tx, [message(fields)]))
      await expect(insert({ topic: '' })).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
      await insert({ id: 'a' })
      await expect(insert({ id: 'a' })).rejects.toMatchObject({ code: 'DUPLICATE_MESSAGE' })
    })
  })

  describe('insertQuery', () => {
    it('is part of a statement of Kysely', async () => {
      await using test = await setup(postgres)
      await test.test.query('create table orders (id text primary key)')
      const order = async (id: string) => {
        const composed = await test.outbox.compose('order.placed', { id }, { topic: 'orders', delayMs: 5, id })
        await test.test.db
          .with('message', () => test.storage.insertQuery([composed]))
          .insertInto('orders')
          .values({ id })
          .execute()
      }
      await order('a')
      await expect(order('a')).rejects.toThrow()
      expect(await test.ids()).toEqual(['a'])
    })

    it('is part of a statement of any client', async () => {
      await using test = await setup(postgres)
      await test.test.query('create table orders (id text primary key, total int)')
      const order = async (id: string, total: number) => {
        const { text, values } = test.storage.insertQuery([message({ id }), message()]).toSql(3)
        await test.test.query(`with message as (${text}) insert into orders values ($1, $2)`, [id, total, ...values])
      }
      await order('a', 1)
      await expect(order('a', 2)).rejects.toThrow()
      expect(await test.ids()).toHaveLength(2)
      expect(await test.test.query('select * from orders')).toEqual([{ id: 'a', total: 1 }])
    })

    it('has a name of its own for each text, to be prepared by', async () => {
      await using test = await setup(postgres)
      await test.test.query('create table orders (id text primary key)')
      const client = await test.test.connect()
      const names = new Set<string>()
      const order = async (id: string, more: Partial<OutboxMessage> = {}) => {
        const { name, text, values } = test.storage.insertQuery([message({ id, ...more })]).toSql(2)
        names.add(name)
        const statement = `with message as (${text}) insert into orders values ($1)`
        await client.query({ name: `order_${name}`, text: statement, values: [id, ...values] })
      }
      await order('a')
      await order('b')
      await order('c', { expiresAt: 2_000_000_000_000 })
      expect(await test.ids()).toEqual(['a', 'b', 'c'])
      expect(names.size).toBe(2)
      names.add(test.storage.insertQuery([message()]).toSql().name)
      expect(names.size).toBe(3)
      const { rows } = await client.query<{ name: string }>('select name from pg_prepared_statements')
      expect(rows).toHaveLength(2)
    })

    it('refuses what is not one statement', async () => {
      await using test = await setup(postgres)
      expect(() => test.storage.insertQuery([])).toThrow(RangeError)
      expect(() => test.storage.insertQuery(Array.from({ length: 5001 }, () => message()))).toThrow(RangeError)
    })
  })

  describe('lockKey', () => {
    it('makes positions come in the order of the commits, also for those who enqueue first', async () => {
      await using test = await setup(postgres)
      const options = { topic: 'orders', orderingKey: 'k', lockKey: true }
      const slow = await test.begun()
      await test.outbox.enqueue(slow, 'a', {}, { ...options, id: 'first' })
      const second = test.outbox.transaction(({ enqueue }) => enqueue('a', {}, { ...options, id: 'second' }))
      await test.outbox.transaction(({ enqueue }) =>
        enqueue('a', {}, { ...options, orderingKey: 'other', id: 'other' }),
      )
      await slow.query('commit')
      await second
      expect(await test.ids()).toEqual(['first', 'other', 'second'])
    })
  })

  describe('other programs', () => {
    it('enqueue by a plain INSERT of what has no default', async () => {
      await using test = await setup(postgres)
      await test.test.query(`insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 'x', '{}')`)
      const found = await test.storage.inspect('a')
      expect(found).toMatchObject({ status: 'PENDING', message: { contentType: 'application/json', headers: {} } })
      expect(new TextDecoder().decode(found?.message.payload)).toBe('{}')
    })

    it('enqueue by a function, from a trigger or a client without transactions', async () => {
      await using test = await setup(postgres)
      const [{ id } = { id: '' }] = await test.test.query<{ id: string }>(
        `select waybill_enqueue('orders', 'order.placed', '{"total":"é"}', headers => '{"tenant":"a"}',
           aggregate_type => 'order', aggregate_id => '7', expires_at => to_timestamp(1893456000.5)) as id`,
      )
      const found = await test.storage.inspect(id)
      expect(found?.message).toMatchObject({
        topic: 'orders',
        orderingKey: 'order:7',
        headers: { tenant: 'a' },
        expiresAt: 1_893_456_000_500,
      })
      expect(new TextDecoder().decode(found?.message.payload)).toBe('{"total":"é"}')
      await test.test.query(`
        create table orders (id text primary key);
        create function tell() returns trigger language plpgsql as $$ begin
          perform waybill_enqueue('orders', 'order.placed', row_to_json(new)::text, ordering_key => new.id, id => new.id);
          return new;
        end $$;
        create trigger tell after insert on orders for each row execute function tell();
        insert into orders values ('b')`)
      expect((await test.storage.inspect('b'))?.message).toMatchObject({ orderingKey: 'b', topic: 'orders' })
    })

    it('cannot choose a position, which would escape the floor', async () => {
      await using test = await setup(postgres)
      const insert = `insert into waybill_messages (position, id, topic, type, payload) values (1, 'a', 'orders', 'x', '{}')`
      await expect(test.test.query(insert)).rejects.toThrow(/position/)
    })
  })
})
