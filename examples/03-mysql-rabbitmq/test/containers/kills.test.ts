import { onServer, type Server, sharedMysql, sharedRabbitmq } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { openShop, ready, type Shop } from './shop.ts'

const mysql = await sharedMysql()
const rabbitmq = await sharedRabbitmq()

const patience = { timeout: 60_000, interval: 50 }
const skus = ['chair', 'table', 'lamp'] as const

interface Move {
  readonly sku: string
  readonly orderId: string
}

/** A file of orders, of one article after the other. */
function fileOfOrders(name: string, count: number): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const sku = skus[index % skus.length]
    return JSON.stringify({ orderId: `${name}-${index}`, sku, quantity: 1 + (index % 2) })
  })
  return lines.join('\n')
}

/** What the stock says has been sold: of each article in the order in which it shrank. */
const sold = (shop: Shop) =>
  shop.query<Move>('select sku, id as orderId from orders where sku <> "piano" order by sku, stock_left desc')

/** What the warehouse has written, of each article in the order in which it wrote. */
const picked = (shop: Shop) => shop.query<Move>('select sku, order_id as orderId from picks order by sku, number')

async function untilPicked(shop: Shop, count: number): Promise<void> {
  await expect.poll(async () => (await picked(shop)).length, patience).toBeGreaterThanOrEqual(count)
}

function tests(servers: { readonly mysql: Server; readonly rabbitmq: Server }): void {
  test('everybody is killed in the middle: every order is picked once, each article in its order', async () => {
    const shop = await openShop(servers.mysql, servers.rabbitmq)
    await shop.run('topology')
    const relay = await shop.start('relay', ready('relay'))
    const warehouse = await shop.start('warehouse', ready('warehouse'))
    const [monday, tuesday] = [fileOfOrders('monday', 90), fileOfOrders('tuesday', 90)]
    const killed = await shop.start('order', ready('order'), { input: monday })
    const other = await shop.start('order', ready('order'), { input: tuesday })
    await expect.poll(async () => (await sold(shop)).length, patience).toBeGreaterThan(20)
    await killed.kill()
    await untilPicked(shop, 5)
    await relay.kill()
    const nextRelay = await shop.start('relay', ready('relay'))
    expect(await shop.run('order', monday)).toMatch(/'out of stock': 0/)
    expect(await other.ended, other.output).toMatchObject({ code: 0 })
    await untilPicked(shop, 60)
    await warehouse.kill()
    const nextWarehouse = await shop.start('warehouse', ready('warehouse'))
    await untilPicked(shop, 180)
    expect(await picked(shop)).toEqual(await sold(shop))
    for (const service of [nextRelay, nextWarehouse]) {
      expect(await service.terminate(), service.output).toMatchObject({ code: 0 })
    }
  }, 180_000)

  test('a missing exchange is named, and what was ordered meanwhile is picked when it has been made', async () => {
    const shop = await openShop(servers.mysql, servers.rabbitmq)
    await shop.run('order', '{"orderId":"o-1","sku":"chair","quantity":1}')
    const relay = await shop.start('relay', ready('relay'))
    await expect.poll(() => relay.output, patience).toMatch(/'stock' cannot be reached: .*exchange '.*stock'/)
    await shop.run('topology')
    await shop.start('warehouse', ready('warehouse'))
    await untilPicked(shop, 1)
  }, 180_000)

  test('what cannot be picked is a dead letter that holds up nobody, and comes back when it can', async () => {
    const shop = await openShop(servers.mysql, servers.rabbitmq)
    await shop.run('topology')
    await shop.start('relay', ready('relay'))
    await shop.start('warehouse', ready('warehouse'))
    const orders = [
      { orderId: 'o-1', sku: 'piano', quantity: 1 },
      { orderId: 'o-2', sku: 'lamp', quantity: 1 },
    ]
    await shop.run('order', orders.map((order) => JSON.stringify(order)).join('\n'))
    await untilPicked(shop, 1)
    await expect.poll(() => shop.run('dead'), patience).toMatch(/stock\.reserved {"orderId":"o-1"/)
    await shop.query("insert into shelves values ('piano', 'D4')")
    expect(await shop.run('redrive')).toMatch(/1 given back/)
    await untilPicked(shop, 2)
    expect(await picked(shop)).toEqual([
      { sku: 'lamp', orderId: 'o-2' },
      { sku: 'piano', orderId: 'o-1' },
    ])
    expect(await shop.run('dead')).toMatch(/0 in all/)
  }, 180_000)
}

onServer(mysql, { it: test }, (found) => {
  onServer(rabbitmq, { it: test }, (foundBroker) => tests({ mysql: found, rabbitmq: foundBroker }))
})
