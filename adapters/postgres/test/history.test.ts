import { onServer, type Server } from '@waybill/conformance/containers'
import { expect, it, vi } from 'vitest'
import { type PostgresStorageOptions, postgresStorage } from '../src/index.ts'
import { message, migratedDatabase, server } from './server.ts'

const dayMs = 86_400_000
const request = { limit: 100, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }
const error = { code: 'BROKER_REJECTED', message: 'no' } as const

async function setup(postgres: Server, options: PostgresStorageOptions = {}) {
  const test = await migratedDatabase(postgres)
  const storage = postgresStorage({ pool: test.pool, historyByDay: true, ...options })
  const session = await storage.join({ label: 'relay', leaseMs: 60_000 })
  // All lanes are this relay's once it has found nothing.
  for (let claim = 0; claim < 3; claim++) await storage.claim(session, request)
  return {
    test,
    storage,
    session,
    async enqueue(...ids: readonly string[]) {
      await storage.transaction((tx) =>
        storage.insert(
          tx,
          ids.map((id) => message({ id })),
        ),
      )
    },
    async claim() {
      const { messages } = await storage.claim(session, request)
      const tokens = messages.map(({ token }) => token)
      await storage.markPublishing(session, tokens)
      return tokens
    },
    /** Claims and settles everything. */
    async publish() {
      const tokens = await this.claim()
      await storage.settle(
        session,
        tokens.map((token) => ({ type: 'published', token })),
      )
    },
    async days() {
      const text = `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'waybill_history'::regclass order by 1`
      return (await test.query<{ name: string }>(text)).map(({ name }) => name)
    },
    /** A day of the past with rows, as if the relay had run then. */
    async oldDay(daysAgo: number, ids: readonly string[]) {
      const from = Math.floor(Date.now() / dayMs - daysAgo) * dayMs
      const name = `waybill_history_${new Date(from).toISOString().slice(0, 10).replaceAll('-', '')}`
      await test.query(`create table ${name} (like waybill_history including all)`)
      await test.query(
        `alter table waybill_history attach partition ${name} for values from (${from}) to (${from + dayMs})`,
      )
      for (const id of ids) await test.query(insertInto(name), [id, from + 1])
      return name
    },
    rotate: async (keep = '1 day') =>
      (await test.query<{ name: string | null }>('select waybill_rotate_history($1) as name', [keep]))[0]?.name,
    async [Symbol.asyncDispose]() {
      await storage.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

const insertInto = (table: string) => `insert into ${table}
  (position, id, topic, type, payload, lane, attempts, crashes, created_at, enqueued_at, status, published_at)
  values (1, $1, 't', 'x', '', 1, 0, 0, 1, 1, 'PUBLISHED', $2)`

/** What answers within a lock timeout and does not wait longer. */
async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const start = performance.now()
  const result = await work
  return { result, ms: performance.now() - start }
}

onServer(server, { it }, (postgres) => {
  it('a published message moves into the table of its day, with all that it had', async () => {
    await using test = await setup(postgres)
    await test.enqueue('a', 'b')
    await test.publish()
    expect(await test.test.query('select id from waybill_messages')).toEqual([])
    expect(await test.days()).toHaveLength(3)
    const [today] = await test.days()
    expect(await test.test.query(`select id, status from ${today} order by position`)).toEqual([
      { id: 'a', status: 'PUBLISHED' },
      { id: 'b', status: 'PUBLISHED' },
    ])
    expect(await test.storage.inspect('a')).toMatchObject({ status: 'PUBLISHED', message: { topic: 'orders' } })
    expect(await test.storage.count()).toMatchObject({ pending: 0, published: 2 })
    expect(await test.storage.prune({ olderThanMs: 0, batchSize: 1 })).toBe(2)
    expect(await test.storage.count()).toMatchObject({ published: 0 })
  })

  it('goes on where the tables of the days have run out', async () => {
    await using test = await setup(postgres)
    for (const day of await test.days()) await test.test.query(`drop table ${day}`)
    await test.enqueue('a')
    await test.publish()
    expect(await test.storage.inspect('a')).toMatchObject({ status: 'PUBLISHED' })
  })

  it('a relay drops the days that are over their time', async () => {
    await using test = await setup(postgres)
    const old = [await test.oldDay(5, ['a']), await test.oldDay(4, ['b'])]
    const kept = await test.oldDay(1, ['c'])
    const other = postgresStorage({ pool: test.test.pool, historyByDay: true })
    const session = await other.join({ label: 'another', leaseMs: 60_000 })
    expect(await test.days()).not.toContain(old[0])
    // The first settlement after that goes on with the next day.
    await test.enqueue('d')
    await vi.waitFor(async () => {
      const { messages } = await other.claim(session, request)
      const own = await test.storage.claim(test.session, request)
      const settle = (storage: typeof other, of: typeof session, found: typeof messages) =>
        storage.settle(
          of,
          found.map(({ token }) => ({ type: 'published', token })),
        )
      await settle(other, session, messages)
      await settle(test.storage, test.session, own.messages)
      expect(await test.storage.inspect('d')).toMatchObject({ status: 'PUBLISHED' })
    })
    await test.rotate()
    expect(await test.days()).not.toContain(old[1])
    expect(await test.days()).toContain(kept)
    await other.close()
  })

  it('relays that begin at the same time make the tables once', async () => {
    await using test = await setup(postgres)
    for (const day of await test.days()) await test.test.query(`drop table ${day}`)
    const storages = Array.from({ length: 5 }, () => postgresStorage({ pool: test.test.pool, historyByDay: true }))
    const join = (storage: (typeof storages)[number]) => storage.join({ label: 'relay', leaseMs: 30_000 })
    await Promise.all(storages.map(join))
    expect(await test.days()).toHaveLength(3)
    for (const storage of storages) await storage.close()
  })

  it('drops one day a call, the oldest first, and says which', async () => {
    await using test = await setup(postgres)
    const [second, first] = [await test.oldDay(4, ['b']), await test.oldDay(9, ['a'])]
    expect([await test.rotate(), await test.rotate(), await test.rotate()]).toEqual([first, second, null])
  })

  it('counts days alike, whatever time zone a session has', async () => {
    await using test = await setup(postgres)
    const days = await test.days()
    const old = await test.oldDay(2, ['a'])
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/Sao_Paulo']) {
      const client = await test.test.connect()
      await client.query(`set time zone '${zone}'`)
      await client.query(`select waybill_rotate_history('3 days')`)
    }
    expect(await test.days()).toEqual([old, ...days])
  })

  it('keeps a day that holds a message which is pending or dead', async () => {
    await using test = await setup(postgres)
    const [odd, even] = [await test.oldDay(9, ['a']), await test.oldDay(8, ['b'])]
    const change = `set status = 'DEAD' where id = 'a'`
    // The table itself refuses it, as long as nobody has taken its check away.
    await expect(test.test.query(`update ${odd} ${change}`)).rejects.toThrow(/history_published_valid/)
    await test.test.query('alter table waybill_history drop constraint waybill_history_published_valid')
    await test.test.query(`update ${odd} ${change}`)
    expect([await test.rotate(), await test.rotate()]).toEqual([even, null])
    expect(await test.days()).toContain(odd)
  })

  it('waits for nobody who is using a day, and holds up neither producers nor relays', async () => {
    await using test = await setup(postgres)
    const old = await test.oldDay(9, ['a'])
    const [today] = await test.days().then((days) => days.filter((day) => day !== old))
    const user = await test.test.connect()
    for (const use of [
      `select from ${old}`,
      `select from waybill_history`,
      `insert into ${old} select * from ${old}`,
      `insert into ${today} select * from ${today}`,
    ]) {
      await user.query(`begin; ${use}`)
      const [{ result, ms }] = await Promise.all([timed(test.rotate()), test.enqueue(crypto.randomUUID())])
      expect([use, result]).toEqual([use, null])
      expect(ms).toBeLessThan(3000)
      await test.publish()
      await user.query('rollback')
    }
    expect(await test.rotate()).toBe(old)
  })

  it('a relay that settles while a day is dropped loses nothing', async () => {
    await using test = await setup(postgres)
    const ids = Array.from({ length: 40 }, (_, index) => `m${index}`)
    await test.enqueue(...ids)
    const tokens = await test.claim()
    const days = [2, 3, 4, 5, 6, 7, 8, 9]
    for (const day of days) await test.oldDay(day, ['old'])
    let dropped = 0
    await Promise.all([
      ...tokens.map((token) => test.storage.settle(test.session, [{ type: 'published', token }])),
      (async () => {
        while (dropped < days.length) if ((await test.rotate()) !== null) dropped++
      })(),
    ])
    const kept = await test.test.query<{ id: string }>('select id from waybill_history order by position')
    expect(kept.map(({ id }) => id).filter((id) => id !== 'old')).toEqual(ids)
    expect(await test.storage.count()).toMatchObject({ pending: 0, processing: 0 })
  })

  it('a message that is redriven while its old outcome comes in is published once more, and kept once', async () => {
    await using test = await setup(postgres)
    for (let round = 0; round < 10; round++) {
      const id = `m${round}`
      await test.enqueue(id)
      const [token] = await test.claim()
      if (token === undefined) throw new Error('nothing was claimed')
      const dead = { type: 'dead', token, reason: 'rejected', spendsAttempt: true, error } as const
      await test.storage.settle(test.session, [dead])
      // Whoever says it is published speaks of the row that has died, not of the one that comes back.
      await Promise.all([
        test.storage.deadLetters.redrive({ ids: [id] }),
        test.storage.settle(test.session, [{ type: 'published', token }]),
        test.rotate(),
      ])
      expect(await test.storage.inspect(id)).toMatchObject({ status: 'PENDING' })
      await vi.waitFor(async () => {
        await test.publish()
        expect(await test.storage.inspect(id)).toMatchObject({ status: 'PUBLISHED' })
      })
    }
    expect(await test.storage.count()).toMatchObject({ pending: 0, dead: 0, published: 10 })
  })

  it('is refused without a time to keep it', async () => {
    await using test = await migratedDatabase(postgres)
    const make = () => postgresStorage({ pool: test.pool, historyByDay: true, retentionMs: 0 })
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
  })
})
