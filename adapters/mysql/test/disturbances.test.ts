import type { Connection } from 'mysql2/promise'
import { expect, it } from 'vitest'
import { migratedDatabase, plainInsert, type TestDatabase } from './database.ts'
import { onEachServer } from './servers.ts'
import { openShop, type Shop, type ShopOptions } from './shop.ts'

interface Disturbance {
  /** What the shop is to be made with, beside what is usual. */
  prepare?(test: TestDatabase): Promise<Partial<ShopOptions>>
  disturb(test: TestDatabase, shop: Shop): Promise<unknown>
}

async function begun(test: TestDatabase, statement: string): Promise<Connection> {
  const connection = await test.connect()
  await connection.query('set session transaction isolation level repeatable read')
  await connection.query('begin')
  await connection.query(statement)
  return connection
}

/** Goes on until so many more orders have been published. */
async function published(shop: Shop, more: number): Promise<void> {
  const goal = shop.published().length + more
  await expect.poll(() => shop.published().length, { timeout: 15_000 }).toBeGreaterThanOrEqual(goal)
}

/** Until a relay has met an error of that code. */
const met = (shop: Shop, code: string) =>
  expect.poll(() => shop.errors.map((error) => Object(error).code), { timeout: 20_000 }).toContain(code)

const disturbances: Readonly<Record<string, Disturbance>> = {
  'connections are cut in the middle of statements': {
    async disturb(test, shop) {
      for (let round = 0; round < 20; round++) for (const { id } of await test.others()) await test.kill(id)
      await met(shop, 'STORAGE_UNAVAILABLE')
    },
  },
  'somebody locks the whole table for longer than a relay waits': {
    async disturb(test, shop) {
      const locker = await test.connect()
      await locker.query('lock tables waybill_messages write')
      await met(shop, 'STORAGE_LOCKED').finally(() => locker.query('unlock tables'))
    },
  },
  'somebody locks the rows of the relays': {
    async disturb(test, shop) {
      const locker = await begun(test, 'select * from waybill_relays for update')
      await met(shop, 'STORAGE_LOCKED').finally(() => locker.query('rollback'))
    },
  },
  'somebody holds on to a row for longer than a relay waits': {
    async disturb(test, shop) {
      // Due when it is locked already.
      const due = "timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000 + 3000"
      await test.admin.query(
        `call waybill_enqueue('orders', 'order.placed', '{}', 'k2', null, null, null, ${due}, null, 'locked')`,
      )
      const holder = await begun(test, "select * from waybill_messages where id = 'locked' for update")
      await met(shop, 'STORAGE_LOCKED').finally(() => holder.query('rollback'))
      expect(shop.published().filter((id) => id === 'locked')).toEqual(['locked'])
    },
  },
  'a producer does not end its transaction': {
    async disturb(test, shop) {
      const writer = await test.connect()
      await writer.query('begin')
      await plainInsert(writer, 'open')
      await published(shop, 40)
      expect(shop.published()).not.toContain('open')
      await writer.query('commit')
      await expect.poll(() => shop.published(), { timeout: 15_000 }).toContain('open')
    },
  },
  'a long transaction keeps all old versions': {
    async disturb(test, shop) {
      const reader = await begun(test, 'select count(*) from waybill_messages')
      await published(shop, 40).finally(() => reader.query('rollback'))
    },
  },
  'the pool of the application has no free connection': {
    async prepare(test) {
      return { pool: test.pool({ connectionLimit: 1, waitForConnections: false }) }
    },
    async disturb(_, shop) {
      const refused = await Promise.all(Array.from({ length: 5 }, (_, index) => shop.order(`refused-${index}`)))
      expect(refused).toContain(false)
      await published(shop, 20)
    },
  },
  'the server has no connection left for relays': {
    async prepare(test) {
      const account = await test.account('all')
      const limit = (count: number) =>
        test.admin.query(`alter user '${account.user}'@'%' with max_user_connections ${count}`)
      limits.set(test, limit)
      return { relayPool: test.pool(account) }
    },
    async disturb(test, shop) {
      const limit = limits.get(test)
      await limit?.(1)
      for (const { id } of await test.others()) await test.kill(id)
      await met(shop, 'STORAGE_UNAVAILABLE').finally(() => limit?.(0))
    },
  },
}

const limits = new WeakMap<TestDatabase, (count: number) => Promise<unknown>>()

await onEachServer((server) => {
  it.for(Object.entries(disturbances))(
    'relays go on, and lose and reorder nothing, when %s',
    { timeout: 120_000 },
    async ([, { prepare, disturb }]) => {
      await using test = await migratedDatabase(server)
      await using shop = await openShop({ pool: test.pool(), ...(await prepare?.(test)) })
      await shop.verify(await shop.orderDuring(() => disturb(test, shop)))
    },
  )
})
