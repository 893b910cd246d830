import { onServer } from '@waybill/conformance/containers'
import { expect, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { migratedDatabase, server } from './server.ts'
import { openShop } from './shop.ts'

/** What a later version may do to the tables of this one. */
const additions = [
  'alter table waybill_messages add column future text',
  `alter table waybill_messages add column weight bigint not null default 1`,
  'alter table waybill_relays add column region text',
  'alter table waybill_lanes add column since bigint',
  'alter table waybill_holds add column reason text',
  'alter table waybill_suspects add column since bigint',
  'create index waybill_messages_future on waybill_messages (future)',
  'create table waybill_future (id bigint primary key)',
  `update waybill_meta set value = value + 1 where name = 'schema_version'`,
] as const

onServer(server, { it }, (postgres) => {
  it('relays and producers of this build go on while a later one adds to the tables', { timeout: 60_000 }, async () => {
    await using test = await migratedDatabase(postgres)
    await using shop = await openShop({ pool: test.pool })
    const committed = await shop.orderDuring(async () => {
      for (const addition of additions) {
        const before = shop.published().length
        await test.query(addition)
        await expect.poll(() => shop.published().length, { timeout: 10_000 }).toBeGreaterThan(before + 10)
      }
    })
    await shop.verify(committed)
  })

  it('one that joins after that goes on too, until the schema says that it is too old', async () => {
    await using test = await migratedDatabase(postgres)
    for (const addition of additions) await test.query(addition)
    const storage = postgresStorage({ pool: test.pool })
    const join = () => storage.join({ label: 'relay', leaseMs: 1000 })
    await storage.leave(await join())
    await test.query(`update waybill_meta set value = value + 1 where name = 'oldest_build'`)
    await expect(join()).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', retryable: false })
    await storage.close()
  })
})
