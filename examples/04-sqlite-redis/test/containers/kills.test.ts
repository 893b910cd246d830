import { onServer, type Server, sharedRedis } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { openShop, ready, type Shop, type Till } from './shop.ts'

const redis = await sharedRedis()

const patience = { timeout: 60_000, interval: 50 }

interface Sale {
  readonly number: number
  readonly cents: number
}

/** Sells until the till is gone or has sold so much; answers how many sales it has confirmed. */
async function sell(till: Till, most: number): Promise<number> {
  for (let sales = 0; sales < most; sales++) {
    try {
      await till.post('/sales', { cents: 100 + sales })
    } catch {
      return sales
    }
  }
  return most
}

const salesOf = (shop: Shop, till: string) => shop.query<Sale>(`${till}.sqlite`, 'select number, cents from sales')

/** In the order in which they were written. */
const booksOf = (shop: Shop, till: string) =>
  shop.query<Sale>('office.sqlite', `select number, cents from books where till = '${till}' order by entry`)

const countsOf = (shop: Shop) =>
  shop.query('office.sqlite', 'select till, sales, missing_cents as missing from counts order by till')

const untilBooks = (shop: Shop, till: string, count: number) =>
  expect.poll(() => booksOf(shop, till).length, patience).toBeGreaterThanOrEqual(count)

function tests(server: Server): void {
  test('a till and the office are killed in the middle: every sale is in the books once, in order', async () => {
    const shop = openShop(server)
    const office = await shop.start('office', ready('office'))
    const first = await shop.startTill('till-1')
    const second = await shop.startTill('till-2')
    const selling = [sell(first, 10_000), sell(second, 200)]
    await untilBooks(shop, 'till-1', 20)
    await first.service.kill()
    const confirmed = (await selling[0]) ?? 0
    const next = await shop.startTill('till-1')
    expect(salesOf(shop, 'till-1').length).toBeGreaterThanOrEqual(confirmed)
    const more = sell(next, 100)
    await untilBooks(shop, 'till-2', 50)
    await office.kill()
    const nextOffice = await shop.start('office', ready('office'))
    expect([await selling[1], await more]).toEqual([200, 100])
    for (const till of [next, second]) await till.post('/count')
    await expect.poll(() => countsOf(shop), patience).toHaveLength(2)
    for (const name of ['till-1', 'till-2']) expect(booksOf(shop, name)).toEqual(salesOf(shop, name))
    expect(countsOf(shop)).toEqual([
      { till: 'till-1', sales: salesOf(shop, 'till-1').length, missing: 0 },
      { till: 'till-2', sales: 200, missing: 0 },
    ])
    for (const service of [next.service, second.service, nextOffice]) {
      expect(await service.terminate(), service.output).toMatchObject({ code: 0 })
    }
  }, 180_000)

  test('a till sells while the office cannot be reached, and tells of it later', async () => {
    const shop = openShop(server)
    const alone = await shop.startTill('till-1', { REDIS_URL: 'redis://127.0.0.1:1' })
    expect(await sell(alone, 20)).toBe(20)
    const health = async () => {
      const answer = await fetch(`${alone.address}/health`)
      return [answer.status, await answer.json()]
    }
    // What stands in a relay's window counts as processing: until it has given up trying, it is not among the pending.
    await expect.poll(health, patience).toEqual([200, expect.objectContaining({ pending: 20 })])
    await expect.poll(() => alone.service.output, patience).toMatch(/relay: Redis cannot be used/)
    const { code, seconds } = await alone.service.terminate()
    expect(code, alone.service.output).toBe(0)
    expect(seconds).toBeLessThan(10)
    await shop.startTill('till-1', { WAYBILL_RELAY_ENABLED: 'false' })
    await shop.start('office', ready('office'))
    const relay = await shop.start('relay', ready('relay'))
    await untilBooks(shop, 'till-1', 20)
    expect(booksOf(shop, 'till-1')).toEqual(salesOf(shop, 'till-1'))
    expect(await relay.terminate(), relay.output).toMatchObject({ code: 0 })
  }, 180_000)
}

onServer(redis, { it: test }, (found) => tests(found))
