import { type OwnServer, onServer, type Unavailable } from '@waybill/conformance/containers'
import { afterAll, expect, it } from 'vitest'
import { migratedDatabase } from './database.ts'
import { openShop, type Shop } from './shop.ts'
import { everything, storeSetup } from './store-setup.ts'

/** Whatever a relay was waiting for has not come in as long as its lease. */
const untilNoticed = (shop: Shop, code = 'STORAGE_UNAVAILABLE') =>
  expect.poll(() => shop.errors.map((error) => Object(error).code), { timeout: 20_000 }).toContain(code)

const faults: Readonly<Record<string, (server: OwnServer, shop: Shop) => Promise<unknown>>> = {
  'was killed': (server) => server.kill().then(() => server.restart()),
  'was restarted': (server) => server.restart(),
  'stood still for longer than a lease': async (server, shop) => {
    await server.pause()
    await untilNoticed(shop).finally(() => server.unpause())
  },
}

/** Registers tests that take a server down; one file of tests for each, to run side by side. */
export function verifyFaults(server: OwnServer | Unavailable): void {
  onServer(server, { it }, (own) => {
    afterAll(() => own.stop())

    it.for(Object.entries(faults))(
      'everything that was committed is published, in order, after the server %s',
      { timeout: 120_000 },
      async ([, disrupt]) => {
        await using test = await migratedDatabase(own)
        await using shop = await openShop({ pool: test.pool({ connectTimeout: 2000 }) })
        await shop.verify(await shop.orderDuring(() => disrupt(own, shop)))
      },
    )

    it('relays wait while the server takes no writes', { timeout: 60_000 }, async () => {
      await using test = await migratedDatabase(own)
      await using shop = await openShop({ pool: test.pool() })
      const disrupt = async () => {
        await test.admin.query('set global read_only = on')
        await untilNoticed(shop, 'STORAGE_READ_ONLY').finally(() => test.admin.query('set global read_only = off'))
      }
      await shop.verify(await shop.orderDuring(disrupt))
    })

    it('a window is not written where its rows were not read', async () => {
      await using setup = await storeSetup(own)
      await setup.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      const { epoch } = await setup.store.read(everything)
      expect(await setup.store.mark('r', [1], epoch)).toBe(true)
      await setup.test.admin.query('set global server_id = 4711')
      expect(await setup.store.mark('r', [2], epoch)).toBe(false)
      const after = await setup.store.read(everything)
      expect(after.epoch).not.toBe(epoch)
      expect(await setup.store.mark('r', [2], epoch)).toBe(false)
      expect(await setup.store.mark('r', [3], after.epoch)).toBe(true)
      expect(await setup.test.rows('select window_positions from waybill_relays')).toEqual([
        { window_positions: '[3]' },
      ])
    })
  })
}
