import { type OwnServer, onServer, startPostgres } from '@waybill/conformance/containers'
import { Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import pg from 'pg'
import { afterAll, expect, it, vi } from 'vitest'
import { migratePostgres, postgresStorage } from '../src/index.ts'

const server = await startPostgres()

interface Shop extends AsyncDisposable {
  /** Enqueues in a transaction of its own; answers whether it has committed, `null` if nobody knows. */
  order(id: string): Promise<boolean | null>
  published(): ReadonlySet<string>
  readonly errors: readonly unknown[]
  readonly anomalies: readonly unknown[]
}

/** Producers and two relays on a database of the server. */
async function openShop(postgres: OwnServer): Promise<Shop> {
  const { url } = await postgres.createDatabase()
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 2000 })
  pool.on('error', () => undefined)
  await migratePostgres({ pool })
  const storage = postgresStorage({ pool, lockTimeoutMs: 500, statementTimeoutMs: 2000 })
  const outbox = new Outbox({ storage })
  const broker = memoryBroker()
  const errors: unknown[] = []
  const anomalies: unknown[] = []
  const storages = [storage, postgresStorage({ pool, lockTimeoutMs: 500, statementTimeoutMs: 2000 })]
  const relays = storages.map((each) => {
    const publisher = memoryPublisher({ broker })
    const relay = new Relay({
      storage: each,
      publisher,
      leaseMs: 2000,
      publishTimeoutMs: 500,
      pollIntervalMs: 100,
      idlePollIntervalMs: 200,
    })
    relay.on('error', (error) => errors.push(error))
    relay.on('anomaly', (anomaly) => anomalies.push(anomaly))
    return relay
  })
  for (const relay of relays) await relay.start()
  return {
    errors,
    anomalies,
    async order(id) {
      let committing = false
      try {
        await outbox.transaction(async ({ enqueue }) => {
          await enqueue('order.placed', {}, { id, topic: 'orders', orderingKey: 'k' })
          committing = true
        })
        return true
      } catch {
        return committing ? null : false
      }
    },
    published: () => new Set(broker.log.flatMap((record) => record.message?.id ?? [])),
    async [Symbol.asyncDispose]() {
      for (const relay of relays) await relay.stop()
      for (const each of storages) await each.close()
      await pool.end()
    },
  }
}

onServer(server, { it }, (postgres) => {
  afterAll(() => postgres.stop())

  it.for<[string, (server: OwnServer, shop: Shop) => Promise<void>]>([
    ['killed', (each) => each.kill().then(() => each.restart())],
    ['restarted', (each) => each.restart()],
    [
      'paused for longer than a lease',
      async (each, shop) => {
        await each.pause()
        // Whatever a relay was waiting for has not come in as long as its lease.
        await vi.waitFor(() => expect(shop.errors).not.toEqual([]), { timeout: 20_000 })
        await each.unpause()
      },
    ],
  ])(
    'everything that was committed is published after the server was %s',
    { timeout: 120_000 },
    async ([, disrupt]) => {
      await using shop = await openShop(postgres)
      const committed: string[] = []
      let disrupting = true
      const disruption = disrupt(postgres, shop).finally(() => {
        disrupting = false
      })
      for (let order = 0; disrupting || order < 50; order++) {
        const id = `order-${order}`
        if ((await shop.order(id)) === true) committed.push(id)
      }
      await disruption
      await vi.waitFor(async () => expect(await shop.order('last')).toBe(true), { timeout: 30_000 })
      await vi.waitFor(() => expect([...committed, 'last'].filter((id) => !shop.published().has(id))).toEqual([]), {
        timeout: 60_000,
      })
      expect(shop.anomalies).toEqual([])
      expect(
        shop.errors.filter((error) => !(error instanceof Error && 'retryable' in error && error.retryable)),
      ).toEqual([])
    },
  )
})
