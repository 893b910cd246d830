import { Outbox, Relay, type RelayOptions } from '@waybill/core'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import type { Pool } from 'pg'
import { expect } from 'vitest'
import { type PostgresStorageOptions, postgresStorage } from '../src/index.ts'

/** Producers of one key and two relays, as of two processes. */
export interface Shop extends AsyncDisposable {
  /** Enqueues in a transaction of its own; answers whether it has committed, as far as its producer knows. */
  order(id: string, orderingKey?: string): Promise<boolean>
  /** Produces, and answers what was committed, for as long as the disturbance takes and for 50 orders at least. */
  orderDuring(disturb: () => Promise<unknown>): Promise<readonly string[]>
  /** Ids in the broker's order. */
  published(): readonly string[]
  /** Everything that was committed has been published, in its order, and no relay has met what it could not expect. */
  verify(committed: readonly string[]): Promise<void>
  readonly errors: readonly unknown[]
}

export interface ShopOptions extends PostgresStorageOptions {
  /** Of the application. */
  readonly pool: Pool
  /** Of the relays, if it is another one. */
  readonly relayPool?: Pool
  readonly relay?: Partial<RelayOptions>
}

/** Long enough for a machine that is busy with other tests. */
const times = { leaseMs: 5000, publishTimeoutMs: 1000, pollIntervalMs: 100, idlePollIntervalMs: 200 }

export async function openShop({ pool, relayPool = pool, relay: more, ...options }: ShopOptions): Promise<Shop> {
  const limits = { lockTimeoutMs: 500, statementTimeoutMs: 4000, ...options }
  const producer = postgresStorage({ pool, ...limits })
  const storages = [1, 2].map(() => postgresStorage({ pool: relayPool, ...limits }))
  const outbox = new Outbox({ storage: producer })
  const broker = memoryBroker()
  const errors: unknown[] = []
  const anomalies: unknown[] = []
  const relays = storages.map((storage) => {
    const relay = new Relay({ ...times, ...more, storage, publisher: memoryPublisher({ broker }) })
    relay.on('error', (error) => errors.push(error))
    relay.on('anomaly', (anomaly) => anomalies.push(anomaly))
    return relay
  })
  for (const relay of relays) await relay.start()
  const shop: Shop = {
    errors,
    order: (id, orderingKey = 'k') =>
      outbox
        .transaction(({ enqueue }) => enqueue('order.placed', {}, { id, topic: 'orders', orderingKey }))
        .then(
          () => true,
          () => false,
        ),
    async orderDuring(disturb) {
      const committed: string[] = []
      let disturbing = true
      const disturbance = disturb().finally(() => {
        disturbing = false
      })
      for (let order = 0; disturbing || order < 50; order++) {
        if (await shop.order(`order-${order}`)) committed.push(`order-${order}`)
      }
      await disturbance
      return committed
    },
    published: () => broker.log.flatMap((record) => record.message?.id ?? []),
    async verify(committed) {
      await expect.poll(() => shop.order('last'), { timeout: 30_000 }).toBe(true)
      const missing = () => [...committed, 'last'].filter((id) => !shop.published().includes(id))
      await expect.poll(missing, { timeout: 60_000 }).toEqual([])
      const firsts = [...new Set(shop.published())].filter((id) => committed.includes(id))
      expect(firsts).toEqual(committed)
      expect(anomalies).toEqual([])
      expect(errors.filter((error) => !Object(error).retryable)).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      for (const relay of relays) await relay.stop()
      for (const each of [producer, ...storages]) await each.close()
    },
  }
  return shop
}
