import { onServer, sharedRedis } from '@waybill/conformance/containers'
import { followReadme } from '@waybill/examples-testing'
import { expect, test } from 'vitest'
import { folder, openShop, ready } from './shop.ts'

const redis = await sharedRedis()

onServer(redis, { it: test }, (server) => {
  test('every command of the README works, and nothing is missing in the till', async () => {
    const shop = openShop(server)
    let address = ''
    await followReadme(folder, {
      env: shop.env,
      service: async (script) => {
        if (script === 'till') address = (await shop.startTill('till-1')).address
        else await shop.start(script, ready(script))
      },
      sql: () => Promise.reject(new Error('There is no database server')),
      adapt: (line) => line.replace('localhost:3000', address),
    })
    const counts = () => shop.query('office.sqlite', 'select sales, cents, missing_cents as missing from counts')
    await expect.poll(counts, { timeout: 60_000 }).toEqual([{ sales: 1, cents: 450, missing: 0 }])
  }, 180_000)
})
