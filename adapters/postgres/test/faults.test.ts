import { type OwnServer, onServer, startPostgres } from '@waybill/conformance/containers'
import { afterAll, expect, it } from 'vitest'
import { migratedDatabase } from './database.ts'
import { openShop, type Shop } from './shop.ts'

const server = await startPostgres()

/** Whatever a relay was waiting for has not come in as long as its lease. */
const noticed = (shop: Shop) => expect.poll(() => shop.errors.length, { timeout: 20_000 }).toBeGreaterThan(0)

const faults: Readonly<Record<string, (server: OwnServer, shop: Shop) => Promise<unknown>>> = {
  'was killed': (each) => each.kill().then(() => each.restart()),
  'was restarted': (each) => each.restart(),
  'stood still for longer than a lease': async (each, shop) => {
    await each.pause()
    await noticed(shop).finally(() => each.unpause())
  },
}

onServer(server, { it }, (postgres) => {
  afterAll(() => postgres.stop())

  it.for(Object.entries(faults))(
    'everything that was committed is published, in order, after the server %s',
    { timeout: 120_000 },
    async ([, fault]) => {
      await using test = await migratedDatabase(postgres)
      await using shop = await openShop({ pool: test.pool })
      await shop.verify(await shop.orderDuring(() => fault(postgres, shop)))
    },
  )
})
