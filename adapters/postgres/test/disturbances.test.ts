import { onServer } from '@waybill/conformance/containers'
import pg, { type Client } from 'pg'
import { expect, it } from 'vitest'
import { migratedDatabase, server, type TestDatabase } from './server.ts'
import { openShop, type Shop, type ShopOptions } from './shop.ts'

interface Disturbance {
  /** What relays are to be made with, beside what is usual. */
  prepare?(test: TestDatabase): Promise<Partial<ShopOptions>>
  disturb(test: TestDatabase, shop: Shop): Promise<unknown>
}

async function begun(test: TestDatabase, text: string): Promise<Client> {
  const client = await test.connect()
  await client.query(`begin; ${text}`)
  return client
}

/** Goes on until so many more orders have been published. */
async function published(shop: Shop, more: number): Promise<void> {
  const goal = shop.published().length + more
  await expect.poll(() => shop.published().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(goal)
}

/** Until a relay has met an error of that code. */
const met = (shop: Shop, code: string) =>
  expect.poll(() => shop.errors.map((error) => Object(error).code), { timeout: 30_000 }).toContain(code)

/** A pool for relays, to the same schema with something else about it. */
function poolWith(test: TestDatabase, change: (url: URL, options: string) => void): pg.Pool {
  const url = new URL(test.url)
  change(url, url.searchParams.get('options') ?? '')
  const pool = new pg.Pool({ connectionString: url.href })
  pool.on('error', () => undefined)
  return pool
}

const relayRole = (test: TestDatabase) => `${test.schema}_relay`

/** Orders that are settled in one batch, of which somebody holds the last one; nothing if he came too late. */
async function holdLastOfBatch(test: TestDatabase, round: number): Promise<Client | undefined> {
  const id = (order: number) => `batch-${round}-${order}`
  await test.query(
    `select waybill_enqueue('orders', 'order.placed', '{}', id => $1 || number, ordering_key => number::text)
     from generate_series(1, 20) as number`,
    [id(0)],
  )
  const holder = await begun(test, `set local deadlock_timeout = '20s'`)
  const { rowCount } = await holder.query(
    `select from waybill_messages where id = $1 and status = 'PENDING' for update`,
    [`${id(0)}20`],
  )
  if (rowCount === 1) return holder
  await holder.end()
  return undefined
}

async function deadlocks(test: TestDatabase): Promise<number> {
  const text = 'select deadlocks::int from pg_stat_database where datname = current_database()'
  return (await test.query<{ deadlocks: number }>(text))[0]?.deadlocks ?? 0
}

const disturbances: Readonly<Record<string, Disturbance>> = {
  'connections are cut in the middle of statements': {
    async disturb(test, shop) {
      for (let round = 0; round < 20 || shop.errors.length === 0; round++) {
        await test.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and query like '%waybill%' and pid <> pg_backend_pid()`,
        )
      }
      await met(shop, 'STORAGE_UNAVAILABLE')
    },
  },
  'somebody locks the whole table for longer than a relay waits': {
    async disturb(test, shop) {
      const locker = await begun(test, 'lock table waybill_messages in access exclusive mode')
      await met(shop, 'STORAGE_LOCKED').finally(() => locker.query('rollback'))
    },
  },
  'somebody locks the rows of the relays': {
    async disturb(test, shop) {
      const locker = await begun(test, 'select from waybill_relays for update')
      await met(shop, 'STORAGE_LOCKED').finally(() => locker.query('rollback'))
    },
  },
  'somebody holds on to a row for longer than a lease': {
    async disturb(test, shop) {
      await test.query(
        `select waybill_enqueue('orders', 'order.placed', '{}', 'another', id => 'locked',
           available_at => clock_timestamp() + interval '1 second')`,
      )
      const locker = await begun(test, `select from waybill_messages where id = 'locked' for update`)
      await expect.poll(() => shop.published(), { timeout: 30_000 }).toContain('locked')
      await locker.query(`select pg_sleep(5.5)`)
      // The others go on meanwhile.
      await published(shop, 50)
      await locker.query('rollback')
    },
  },
  'a relay and somebody else wait for each other': {
    prepare: async () => ({ lockTimeoutMs: 5000, statementTimeoutMs: 10_000 }),
    async disturb(test) {
      const before = await deadlocks(test)
      const waiting = `select from pg_stat_activity where application_name = 'waybill settle'
        and wait_event_type = 'Lock' and datname = current_database()`
      for (let round = 0; (await deadlocks(test)) === before; round++) {
        const holder = await holdLastOfBatch(test, round)
        if (holder === undefined) continue
        await expect.poll(async () => (await test.query(waiting)).length, { timeout: 30_000 }).toBeGreaterThan(0)
        await holder.query(`update waybill_messages set attempts = attempts where id like $1`, [`batch-${round}-%`])
        await holder.end()
      }
    },
  },
  'all transactions of relays are serializable': {
    prepare: async (test) => ({
      relayPool: poolWith(test, (url, options) =>
        url.searchParams.set('options', `${options} -c default_transaction_isolation=serializable`),
      ),
    }),
    async disturb(test, shop) {
      // Only such transactions lock what they have read.
      const locks = `select from pg_locks where mode = 'SIReadLock'`
      await expect.poll(async () => (await test.query(locks)).length, { interval: 5 }).toBeGreaterThan(0)
      await published(shop, 100)
    },
  },
  'a transaction that has read stays open, and keeps dead rows alive': {
    prepare: async () => ({ retentionMs: 0 }),
    async disturb(test, shop) {
      const holder = await test.connect()
      await holder.query('begin isolation level repeatable read; select from waybill_messages')
      await published(shop, 150)
      await holder.query('rollback')
    },
  },
  'a transaction that has written to the outbox stays open': {
    async disturb(test, shop) {
      const writer = await begun(
        test,
        `select waybill_enqueue('orders', 'order.placed', '{}', 'another', id => 'late')`,
      )
      await published(shop, 150)
      await writer.query('commit')
      await expect.poll(() => shop.published(), { timeout: 30_000 }).toContain('late')
    },
  },
  'the pool of the application is full': {
    async disturb(test, shop) {
      const clients = await Promise.all(Array.from({ length: test.pool.options.max ?? 10 }, () => test.pool.connect()))
      await clients[0]?.query(`select waybill_enqueue('orders', 'order.placed', '{}', 'another', id => 'meanwhile')`)
      await expect.poll(() => shop.published(), { timeout: 30_000 }).toContain('meanwhile')
      for (const client of clients) client.release()
    },
  },
  'the server has no connection left for relays': {
    async prepare(test) {
      const role = relayRole(test)
      await test.query(`create role ${role} login password 'secret'; grant usage on schema ${test.schema} to ${role};
        grant all on all tables in schema ${test.schema} to ${role};
        grant all on all sequences in schema ${test.schema} to ${role}`)
      return { relayPool: poolWith(test, (url) => Object.assign(url, { username: role, password: 'secret' })) }
    },
    async disturb(test, shop) {
      const role = relayRole(test)
      await test.query(`alter role ${role} connection limit 0`)
      await test.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1`, [role])
      await met(shop, 'STORAGE_UNAVAILABLE')
      await expect.poll(() => shop.errors.map(String).join()).toContain('53300')
      await test.query(`alter role ${role} connection limit -1`)
      await published(shop, 50)
    },
  },
  'the clock of the server jumps': {
    async prepare(test) {
      await test.query(`create table clock (ahead interval); insert into clock values ('0');
        create function clock_timestamp() returns timestamptz language sql volatile as
        'select pg_catalog.clock_timestamp() + ahead from ${test.schema}.clock'`)
      return { relayPool: poolWith(test, (url, options) => url.searchParams.set('options', `${options},pg_catalog`)) }
    },
    async disturb(test, shop) {
      for (const ahead of ['1 hour', '-1 hour', '1 day', '0']) {
        await test.query('update clock set ahead = $1', [ahead])
        await published(shop, 20)
        const seen = `select from waybill_messages
          where published_at / 3600000 = floor(extract(epoch from now() + $1) / 3600)`
        await expect.poll(async () => (await test.query(seen, [ahead])).length, { timeout: 30_000 }).toBeGreaterThan(0)
      }
    },
  },
}

onServer(server, { it }, (postgres) => {
  it.for(Object.entries(disturbances))(
    'relays go on, and lose and reorder nothing, when %s',
    { timeout: 120_000 },
    async ([, { prepare, disturb }]) => {
      await using test = await migratedDatabase(postgres)
      const options = await prepare?.(test)
      {
        await using shop = await openShop({ pool: test.pool, ...options })
        await shop.verify(await shop.orderDuring(() => disturb(test, shop)))
      }
      // Roles are the whole server's.
      const role = relayRole(test)
      await test.query(`do $$ begin
        if to_regrole('${role}') is not null then drop owned by ${role}; drop role ${role}; end if;
      end $$`)
    },
  )
})
