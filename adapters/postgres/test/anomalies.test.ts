import { onServer, type Server } from '@waybill/conformance/containers'
import pg, { type Client } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { naive, type Publish, select } from './naive-readers.ts'
import { migratedDatabase, server, type TestDatabase } from './server.ts'

type Enqueue = (client: Client, id: string, orderingKey?: string) => Promise<unknown>

const enqueue: Enqueue = (client, id, orderingKey = id) =>
  client.query(`select waybill_enqueue('orders', 'order.placed', '{}', id => $1, ordering_key => $2)`, [
    id,
    orderingKey,
  ])

interface Schedule {
  /** Opens a transaction. */
  begin(): Promise<Client>
  readonly enqueue: Enqueue
  /** Locks the aggregate of a key, as a well-behaved producer does before it enqueues. */
  lock(client: Client, key: string): Promise<unknown>
  readonly publish: Publish
  readonly test: TestDatabase
}

interface Anomaly {
  readonly fooled: readonly (keyof typeof naive)[]
  /** Answers what was published. */
  run(schedule: Schedule): Promise<readonly string[]>
  readonly right: readonly string[]
}

const anomalies: Readonly<Record<string, Anomaly>> = {
  'a transaction that drew first and commits last is not lost': {
    async run({ begin, enqueue, publish }) {
      const [slow, fast] = [await begin(), await begin()]
      await enqueue(slow, 'slow')
      await enqueue(fast, 'fast')
      await fast.query('commit')
      const first = await publish()
      await slow.query('commit')
      return [...first, ...(await publish())]
    },
    right: ['fast', 'slow'],
    fooled: ['cursor'],
  },
  'a transaction that wrote first and enqueued last comes last in its key': {
    async run({ begin, enqueue, lock, publish }) {
      const [early, late] = [await begin(), await begin()]
      await early.query('select pg_current_xact_id()')
      await lock(late, 'k')
      await enqueue(late, 'k1', 'k')
      await late.query('commit')
      await lock(early, 'k')
      await enqueue(early, 'k2', 'k')
      await early.query('commit')
      return publish()
    },
    right: ['k1', 'k2'],
    fooled: ['horizon'],
  },
  'a third transaction that stays open between the two does not part them': {
    async run({ begin, enqueue, lock, publish }) {
      const [early, open, late] = [await begin(), await begin(), await begin()]
      await early.query('select pg_current_xact_id()')
      await open.query('select pg_current_xact_id()')
      await lock(late, 'k')
      await enqueue(late, 'k1', 'k')
      await late.query('commit')
      await lock(early, 'k')
      await enqueue(early, 'k2', 'k')
      await early.query('commit')
      const first = await publish()
      await open.query('commit')
      return [...first, ...(await publish())]
    },
    right: ['k1', 'k2'],
    fooled: ['horizon', 'sortedHorizon'],
  },
  'a transaction that stays open elsewhere holds nothing up': {
    async run({ begin, enqueue, publish, test }) {
      const elsewhere = await begin()
      await elsewhere.query('create table elsewhere ()')
      const client = await test.connect()
      await enqueue(client, 'a')
      return publish()
    },
    right: ['a'],
    fooled: ['horizon', 'sortedHorizon'],
  },
  'a floor does not pass what an open transaction has drawn': {
    async run({ begin, enqueue, lock, publish }) {
      const [first, other, second] = [await begin(), await begin(), await begin()]
      await lock(first, 'k')
      await enqueue(first, 'k1', 'k')
      await enqueue(other, 'j1', 'j')
      await other.query('commit')
      const published = [...(await publish())]
      const waiting = lock(second, 'k')
      await first.query('commit')
      await waiting
      await enqueue(second, 'k2', 'k')
      await second.query('commit')
      for (let claim = 0; claim < 3; claim++) published.push(...(await publish()))
      return published
    },
    right: ['j1', 'k1', 'k2'],
    fooled: ['cursor', 'floor'],
  },
}

async function runOn(postgres: Server, anomaly: Anomaly, open: (test: TestDatabase) => Promise<Publish>) {
  await using test = await migratedDatabase(postgres)
  await test.query(`create table aggregates (key text primary key); insert into aggregates values ('k')`)
  return await anomaly.run({
    test,
    async begin() {
      const client = await test.connect()
      await client.query('begin')
      return client
    },
    enqueue,
    lock: (client, key) => client.query('select * from aggregates where key = $1 for update', [key]),
    publish: await open(test),
  })
}

/** One message a claim, so that the order between claims shows. */
async function ours(test: TestDatabase): Promise<Publish> {
  const storage = postgresStorage({ pool: test.pool, retentionMs: 0 })
  onTestFinished(() => storage.close())
  const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
  const request = { limit: 1, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }
  await storage.claim(session, request)
  return async () => {
    const published: string[] = []
    for (;;) {
      const { messages, anomalies: found } = await storage.claim(session, request)
      expect(found).toBe(0)
      if (messages.length === 0) return published
      const tokens = messages.map(({ token }) => token)
      await storage.markPublishing(session, tokens)
      published.push(...messages.map((each) => each.message.id))
      await storage.settle(
        session,
        tokens.map((token) => ({ type: 'published', token })),
      )
    }
  }
}

onServer(server, { it }, (postgres) => {
  it.for(Object.entries(anomalies))('%s', async ([, anomaly]) => {
    expect(await runOn(postgres, anomaly, ours)).toEqual(anomaly.right)
    for (const name of anomaly.fooled) {
      // More than once, for whoever else writes on the server holds up the horizon, and that hides the mistake.
      const published = () => runOn(postgres, anomaly, async (test) => naive[name](test))
      await expect.poll(published, { message: name, timeout: 45_000 }).not.toEqual(anomaly.right)
    }
  })

  it('a sequence that draws positions early is refused, for it would fool a cursor', async () => {
    await using test = await migratedDatabase(postgres)
    await test.query('alter sequence waybill_messages_position_seq cache 10')
    const publish = naive.horizonCursor(test)
    const [first, second] = [await test.connect(), await test.connect()]
    await enqueue(first, 'a')
    await enqueue(second, 'b')
    const published: string[] = []
    // Whoever writes on the server holds up the horizon, for example another test.
    const until = (id: string) =>
      expect.poll(async () => published.push(...(await publish())) && published, { timeout: 10_000 }).toContain(id)
    await until('b')
    await enqueue(first, 'lost')
    await enqueue(second, 'c')
    await until('c')
    expect(published).toEqual(['a', 'b', 'c'])
    const storage = postgresStorage({ pool: test.pool })
    await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({
      code: 'STORAGE_UNSUPPORTED',
      message: expect.stringContaining('CACHE 1'),
    })
    await storage.close()
  })

  it('a transaction that stays open in another database holds nothing up', async () => {
    const elsewhere = await postgres.createDatabase()
    const writer = new pg.Client({ connectionString: elsewhere.url })
    try {
      await writer.connect()
      await writer.query('begin; select pg_current_xact_id()')
      for (const [open, right] of [
        [ours, ['a']],
        [async (test: TestDatabase) => naive.horizon(test), []],
      ] as const) {
        await using test = await migratedDatabase(postgres)
        const publish = await open(test)
        await enqueue(await test.connect(), 'a')
        expect(await publish()).toEqual(right)
      }
    } finally {
      await writer.end()
      await elsewhere.drop()
    }
  })

  it('two relays do not hold rows of one key side by side, as row locks allow', async () => {
    await using test = await migratedDatabase(postgres)
    const relays = [await ours(test), await ours(test)]
    const client = await test.connect()
    const ids = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6']
    for (const id of ids) await client.query(`select waybill_enqueue('t', 'x', '', 'k', id => $1)`, [id])
    const claim = async (): Promise<Client> => {
      const relay = await test.connect()
      await relay.query('begin')
      const head = `select from waybill_messages as head where head.ordering_key = waybill_messages.ordering_key
        and head.status = 'PROCESSING'`
      const { rowCount } = await relay.query(
        `${select} and not exists (${head}) order by position limit 3 for update skip locked`,
      )
      expect(rowCount).toBe(3)
      return relay
    }
    for (const relay of [await claim(), await claim()]) await relay.query('rollback')
    const published = await Promise.all(relays.map((publish) => publish()))
    expect(published.filter((each) => each.length > 0)).toEqual([ids])
  })
})
