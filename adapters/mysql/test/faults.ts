import { type OwnServer, onServer, type Unavailable } from '@waybill/conformance/containers'
import { Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { afterAll, expect, it } from 'vitest'
import { type MysqlStorageOptions, mysqlStorage } from '../src/index.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { everything, storeSetup } from './store-setup.ts'

interface Shop extends AsyncDisposable {
  readonly test: TestDatabase
  /** Enqueues in a transaction of its own; answers whether it has committed. */
  order(id: string, key?: string): Promise<boolean>
  /** Ids in the broker's order. */
  published(): readonly string[]
  readonly errors: readonly unknown[]
  readonly anomalies: readonly unknown[]
}

const options: MysqlStorageOptions = { lockTimeoutMs: 1000, statementTimeoutMs: 2000 }

/** Producers and two relays on a database of the server. */
async function openShop(server: OwnServer): Promise<Shop> {
  const test = await migratedDatabase(server)
  const pool = test.pool({ connectTimeout: 2000 })
  const storages = [1, 2].map(() => mysqlStorage({ pool, ...options }))
  const [storage] = storages
  if (storage === undefined) throw new Error('two storages were made')
  const outbox = new Outbox({ storage })
  const broker = memoryBroker()
  const errors: unknown[] = []
  const anomalies: unknown[] = []
  const relays = storages.map((each) => {
    const times = { leaseMs: 2000, publishTimeoutMs: 500, pollIntervalMs: 100, idlePollIntervalMs: 200 }
    const relay = new Relay({ storage: each, publisher: memoryPublisher({ broker }), ...times })
    relay.on('error', (error) => errors.push(error))
    relay.on('anomaly', (anomaly) => anomalies.push(anomaly))
    return relay
  })
  for (const relay of relays) await relay.start()
  return {
    test,
    errors,
    anomalies,
    order: (id, orderingKey = 'k') =>
      outbox
        .transaction(({ enqueue }) => enqueue('order.placed', {}, { id, topic: 'orders', orderingKey }))
        .then(
          () => true,
          () => false,
        ),
    published: () => broker.log.flatMap((record) => record.message?.id ?? []),
    async [Symbol.asyncDispose]() {
      for (const relay of relays) await relay.stop()
      for (const each of storages) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

type Disrupt = (server: OwnServer, shop: Shop) => Promise<unknown>

/** Whatever a relay was waiting for has not come in as long as its lease. */
const untilNoticed = (shop: Shop) => expect.poll(() => shop.errors.length, { timeout: 20_000 }).toBeGreaterThan(0)

/** Ends the connections of the application and of the relays, in whatever they are at that moment, again and again. */
async function cutConnections({ test }: Shop): Promise<void> {
  for (let round = 0; round < 20; round++) {
    for (const { id } of await test.others()) await test.kill(id)
  }
}

const disruptions: Readonly<Record<string, Disrupt>> = {
  'the server was killed': (server) => server.kill().then(() => server.restart()),
  'the server was restarted': (server) => server.restart(),
  'the server stood still for longer than a lease': async (server, shop) => {
    await server.pause()
    await untilNoticed(shop).finally(() => server.unpause())
  },
  'connections were cut in the middle of statements': (_, shop) => cutConnections(shop),
}

/** Registers tests that take a server down; one file of tests for each, to run side by side. */
export function verifyFaults(server: OwnServer | Unavailable): void {
  onServer(server, { it }, (own) => {
    afterAll(() => own.stop())

    it.for(Object.entries(disruptions))(
      'everything that was committed is published after %s',
      { timeout: 120_000 },
      async ([, disrupt]) => {
        await using shop = await openShop(own)
        const committed: string[] = []
        let disrupting = true
        const disruption = disrupt(own, shop).finally(() => {
          disrupting = false
        })
        for (let order = 0; disrupting || order < 50; order++) {
          if (await shop.order(`order-${order}`)) committed.push(`order-${order}`)
        }
        await disruption
        await expect.poll(() => shop.order('last'), { timeout: 30_000 }).toBe(true)
        const missing = () => [...committed, 'last'].filter((id) => !shop.published().includes(id))
        await expect.poll(missing, { timeout: 60_000 }).toEqual([])
        const firsts = [...new Set(shop.published())].filter((id) => committed.includes(id))
        expect(firsts).toEqual(committed)
        expect(shop.anomalies).toEqual([])
        expect(shop.errors.filter((error) => !Object(error).retryable)).toEqual([])
      },
    )

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
