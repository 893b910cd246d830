import { onServer, type Server, sharedKafka, sharedPostgres } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { addressOf, type Invoice, openShop, ready, type Shop } from './shop.ts'

const postgres = await sharedPostgres()
const kafka = await sharedKafka()

const customers = 10
const patience = { timeout: 60_000, interval: 50 }

/** Each customer orders again and again, and cancels each third order; what was confirmed to them is the truth. */
async function takeOrders(address: string, ordersOfEach: number): Promise<readonly Invoice[]> {
  const post = (path: string, body?: object) =>
    fetch(`${address}${path}`, {
      method: 'POST',
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  const customer = async (customerId: string) => {
    const confirmed: Invoice[] = []
    for (let count = 1; count <= ordersOfEach; count++) {
      const reply = await post('/orders', { customerId, totalCents: 100 + count })
      const { orderId, number } = (await reply.json()) as { orderId: string; number: number }
      expect([reply.status, number]).toEqual([201, count])
      const cancels = count % 3 === 0
      if (cancels) expect((await post(`/orders/${orderId}/cancel`)).status).toBe(204)
      confirmed.push({ orderId, customerId, status: cancels ? 'credited' : 'open' })
    }
    return confirmed
  }
  return (await Promise.all(Array.from({ length: customers }, (_, index) => customer(`c-${index}`)))).flat()
}

/** The invoices of each customer, in the order in which they were written. */
function byCustomer(invoices: readonly Invoice[]) {
  return Object.groupBy(invoices, ({ customerId }) => customerId)
}

async function expectInvoices(shop: Shop, confirmed: readonly Invoice[]): Promise<void> {
  await expect.poll(async () => (await shop.invoices()).length, patience).toBe(confirmed.length)
  const credited = confirmed.filter(({ status }) => status === 'credited').length
  const readCredited = async () => (await shop.invoices()).filter(({ status }) => status === 'credited').length
  await expect.poll(readCredited, patience).toBe(credited)
  expect(byCustomer(await shop.invoices())).toEqual(byCustomer(confirmed))
}

const untilInvoices = (shop: Shop, count: number) =>
  expect.poll(async () => (await shop.invoices()).length, patience).toBeGreaterThan(count)

function tests(servers: { readonly postgres: Server; readonly kafka: Server }): void {
  test('a relay and a consumer are killed in the middle: every invoice is written once, in order', async () => {
    const shop = await openShop(servers.postgres, servers.kafka)
    const orders = await shop.start('orders', ready('orders'), { env: { WAYBILL_RELAY_ENABLED: 'false' } })
    const relay = await shop.start('relay', ready('relay'))
    const billing = await shop.start('billing', ready('billing'))
    const taking = takeOrders(addressOf(orders.output), 25)
    await untilInvoices(shop, 20)
    await relay.kill()
    const next = await shop.start('relay', ready('relay'))
    await untilInvoices(shop, 80)
    await billing.kill()
    const nextBilling = await shop.start('billing', ready('billing'))
    await expectInvoices(shop, await taking)
    for (const service of [orders, next, nextBilling]) {
      expect(await service.terminate(), service.output).toMatchObject({ code: 0 })
    }
  }, 180_000)

  test('the service with a relay beside it ends in good order, and the next one publishes what is left', async () => {
    const shop = await openShop(servers.postgres, servers.kafka)
    const first = await shop.start('orders', ready('orders'))
    const confirmed = await takeOrders(addressOf(first.output), 3)
    const { code, seconds } = await first.terminate()
    expect([code, first.output]).toEqual([0, expect.stringContaining('orders: stopped')])
    expect(seconds).toBeLessThan(10)
    const second = await shop.start('orders', ready('orders'))
    await shop.start('billing', ready('billing'))
    await expectInvoices(shop, confirmed)
    const health = await fetch(`${addressOf(second.output)}/health`)
    expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ alive: true, pending: 0 })])
  }, 180_000)
}

onServer(postgres, { it: test }, (found) => {
  onServer(kafka, { it: test }, (foundKafka) => tests({ postgres: found, kafka: foundKafka }))
})
