import { Outbox, Relay } from '@waybill/core'
import type { BrokerPublisher } from '@waybill/core/contracts'
import { memoryBroker, memoryPublisher, memoryStorage } from '@waybill/memory'
import { expect, it } from 'vitest'

it('shares the work among relays', async () => {
  const storage = memoryStorage()
  const broker = memoryBroker()
  const outbox = new Outbox({ storage })
  const report: string[] = []
  const log = { warn: (line: string) => report.push(line) }
  const publisherOfThisProcess = (): BrokerPublisher => memoryPublisher({ broker })

  // #region relay
  const relay = new Relay({
    storage,
    publisher: publisherOfThisProcess(),
    label: `orders ${process.pid}`,
    leaseMs: 30_000,
    publishTimeoutMs: 10_000,
  })
  relay.on('leaseLost', ({ session }) => log.warn(`another relay took over from ${session}`))
  relay.on('dead', ({ message, reason }) => log.warn(`${message.type} ${message.id} will not be published: ${reason}`))
  relay.on('circuitOpened', ({ topic, error }) => log.warn(`${topic} cannot be reached: ${error.message}`))
  relay.on('anomaly', ({ messages }) => log.warn(`${messages} messages were where none can be: please report this`))
  await relay.start()
  // #endregion
  const another = new Relay({ storage, publisher: publisherOfThisProcess(), label: 'another' })
  await another.start()

  await storage.transaction(async (tx) => {
    await outbox.enqueueMany(
      tx,
      Array.from({ length: 200 }, (_, n) => ({ type: 'told', payload: n, topic: 'orders', orderingKey: `k-${n}` })),
    )
  })
  await expect.poll(() => broker.log.length, { timeout: 20_000 }).toBe(200)
  await expect
    .poll(async () => [await relay.health(), await another.health()].map(({ lanes }) => lanes), { timeout: 20_000 })
    .toEqual([32, 32])

  // #region health
  const { alive, pending, oldestPendingAgeMs, lanes } = await relay.health()
  // #endregion
  expect({ alive, pending, oldestPendingAgeMs, lanes }).toEqual({
    alive: true,
    pending: 0,
    oldestPendingAgeMs: null,
    lanes: 32,
  })
  await relay.stop()
  await another.stop()
  expect(report).toEqual([])
})
