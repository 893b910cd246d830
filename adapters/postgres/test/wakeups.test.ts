import { onServer, type Server } from '@waybill/conformance/containers'
import { Outbox, Relay } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import { describe, expect, it, vi } from 'vitest'
import { type PostgresStorageOptions, postgresStorage } from '../src/index.ts'
import { message, migratedDatabase, server } from './server.ts'

/** Two processes: one that produces, one whose relay listens. */
async function setup(postgres: Server, options: PostgresStorageOptions = {}) {
  const test = await migratedDatabase(postgres)
  const producer = postgresStorage({ pool: test.pool, db: test.db })
  const listener = postgresStorage({ pool: test.pool, ...options })
  const wake = vi.fn<() => void>()
  const subscription = await listener.wakeups?.subscribe(wake)
  wake.mockClear()
  return {
    test,
    producer,
    listener,
    wake,
    subscription,
    woken: () => vi.waitFor(() => expect(wake).toHaveBeenCalled(), { timeout: 5000, interval: 1 }),
    async [Symbol.asyncDispose]() {
      await subscription?.[Symbol.asyncDispose]()
      await listener.close()
      await producer.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

const cutListeners = `select pg_terminate_backend(pid) from pg_stat_activity
  where query ilike 'listen%' and datname = current_database()`

onServer(server, { it }, (postgres) => {
  describe('a relay of another process is woken', () => {
    it('when a transaction of the storage has committed', async () => {
      await using test = await setup(postgres)
      await test.producer.transaction((tx) => test.producer.insert(tx, [message()]))
      await test.woken()
    })

    it('when the caller commits, soon or late', async () => {
      await using test = await setup(postgres)
      for (const lateMs of [0, 60]) {
        const client = await test.test.connect()
        await client.query('begin')
        await test.producer.insert(client, [message()])
        await client.query('select pg_sleep($1)', [lateMs / 1000])
        test.wake.mockClear()
        await client.query('commit')
        await test.woken()
      }
    })

    it('when the message was part of another statement', async () => {
      await using test = await setup(postgres)
      const { text, values } = test.producer.insertQuery([message()]).toSql()
      await test.test.query(text, values)
      await test.woken()
    })

    it('after its own connection was cut, once at least, for what it may have missed', async () => {
      await using test = await setup(postgres)
      await test.test.query(cutListeners)
      await test.woken()
      test.wake.mockClear()
      await test.producer.transaction((tx) => test.producer.insert(tx, [message()]))
      await test.woken()
    })
  })

  it('a notification comes from a connection of its own, outside the transaction that wrote', async () => {
    await using test = await setup(postgres)
    const [other, client] = [await test.test.connect(), await test.test.connect()]
    const senders: number[] = []
    await other.query('listen waybill_wakeup')
    other.on('notification', ({ processId }) => senders.push(processId))
    await client.query('begin')
    await test.producer.insert(client, [message()])
    await client.query('commit')
    await test.woken()
    await vi.waitFor(() => expect(senders).not.toEqual([]))
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    expect(senders).not.toContain(rows[0]?.pid)
  })

  describe('a relay that hardly ever polls publishes at once', () => {
    const idle = { pollIntervalMs: 600_000, idlePollIntervalMs: 600_000, leaseMs: 3_600_000 }

    it.for([
      ['of the same process, and the caller commits', true, 'client'],
      ['of the same process, and the storage commits', true, 'storage'],
      ['of another process, and the caller commits', false, 'client'],
      ['of another process, and the storage commits', false, 'storage'],
    ] as const)('what was enqueued by a producer %s', async ([, same, committer]) => {
      await using test = await setup(postgres)
      const publisher = memoryPublisher()
      await using relay = new Relay({ storage: test.listener, publisher, ...idle })
      await relay.start()
      await expect.poll(async () => (await relay.health()).lanes, { timeout: 10_000 }).toBe(64)
      const other = postgresStorage({ pool: test.test.pool })
      const outbox = new Outbox({ storage: same ? test.listener : other })
      const options = { topic: 'orders' }
      for (let order = 0; order < 3; order++) {
        if (committer === 'storage') await outbox.transaction(({ enqueue }) => enqueue('order.placed', {}, options))
        else {
          const client = await test.test.connect()
          await client.query('begin')
          await outbox.enqueue(client, 'order.placed', {}, options)
          await client.query('commit')
        }
        await expect.poll(() => publisher.published.length, { timeout: 10_000 }).toBe(order + 1)
      }
      await other.close()
    })
  })

  it('nobody is woken by a rollback, or by messages of the own process', async () => {
    await using test = await setup(postgres)
    const failing = test.producer.transaction(async (tx) => {
      await test.producer.insert(tx, [message()])
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(RangeError)
    await test.listener.transaction((tx) => test.listener.insert(tx, [message()]))
    // What comes after both has arrived, and nothing of theirs before it.
    const other = await test.test.connect()
    const heard: (string | undefined)[] = []
    await other.query('listen waybill_wakeup')
    other.on('notification', ({ payload }) => heard.push(payload))
    await test.test.query(`select pg_notify('waybill_wakeup', 'end')`)
    await vi.waitFor(() => expect(heard).toContain('end'))
    expect(test.wake).toHaveBeenCalledTimes(1)
  })

  it('many commits are told of by few notifications', async () => {
    await using test = await setup(postgres)
    const other = await test.test.connect()
    let heard = 0
    await other.query('listen waybill_wakeup')
    other.on('notification', () => heard++)
    const startedAt = performance.now()
    const commit = () => test.producer.transaction((tx) => test.producer.insert(tx, [message()]))
    // Faster together than notifications may follow each other, which is every 4 ms.
    for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 10 }, commit))
    await test.woken()
    expect(heard).toBeGreaterThan(0)
    expect(heard).toBeLessThan((performance.now() - startedAt) / 3 + 5)
  })

  it('nothing is sent and nothing listened to where it is not wanted', async () => {
    await using test = await setup(postgres, { wakeups: false })
    expect(test.listener.wakeups).toBeUndefined()
    expect(postgresStorage({ db: test.test.db }).wakeups).toBeUndefined()
  })

  it('a subscription outlives a server that is away, and begins when it is there', async () => {
    await using test = await setup(postgres, { listenUrl: 'postgres://nobody@127.0.0.1:1/nothing' })
    expect(test.subscription).toBeDefined()
  })

  it('is silent once it is disposed of', async () => {
    await using test = await setup(postgres)
    await test.subscription?.[Symbol.asyncDispose]()
    const again = vi.fn<() => void>()
    await using _ = await postgresStorage({ pool: test.test.pool }).wakeups?.subscribe(again)
    await test.producer.transaction((tx) => test.producer.insert(tx, [message()]))
    await vi.waitFor(() => expect(again).toHaveBeenCalled(), { timeout: 5000 })
    expect(test.wake).not.toHaveBeenCalled()
  })
})
