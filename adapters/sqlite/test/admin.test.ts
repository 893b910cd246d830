import { describe, expect, it } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'

const error = `'{"code":"BROKER_REJECTED","message":"no"}'`

/** Many rows of one kind; ids are the positions. */
function fill(test: TestDatabase, count: number, columns: Readonly<Record<string, string>> = {}): void {
  const names = Object.keys(columns).map((name) => `, ${name}`)
  const values = Object.values(columns).map((value) => `, ${value}`)
  test.connect().exec(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count})
     insert into waybill_messages (id, topic, type, payload, ordering_key${names.join('')})
     select lower(hex(randomblob(8))) || i, 'orders', 'order.placed', '{}', 'key-' || (i % 10)${values.join('')} from n`,
  )
}

function setup(options: { readonly retentionMs?: number } = {}) {
  const test = migratedDatabase()
  const storage = sqliteStorage({ db: test.kysely(), ...options })
  const database = test.connect()
  return {
    test,
    storage,
    statuses: (): unknown => {
      const rows = database.prepare('select status, count(*) n from waybill_messages group by status').raw().all()
      return Object.fromEntries(rows as [string, number][])
    },
    database,
    async [Symbol.asyncDispose]() {
      await storage.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

const dead = { status: `'DEAD'`, died_at: 'i', dead_reason: `'rejected'`, last_error: error, attempts: '3' }
const published = (ageMs: number) => ({ status: `'PUBLISHED'`, published_at: `unixepoch() * 1000 - ${ageMs}` })

describe('dead letters', () => {
  it('come back in several transactions, in order, each with a new position', async () => {
    await using test = setup()
    fill(test.test, 250, { ...dead, expires_at: '5' })
    fill(test.test, 3)
    const before = test.database.prepare('select id from waybill_messages where status = ?').pluck().all('DEAD')
    expect(await test.storage.deadLetters.redrive({ topic: 'orders' })).toBe(250)
    const after = test.database.prepare(
      'select id, position, attempts, expires_at from waybill_messages where position > 253 order by position',
    )
    expect(after.pluck().all()).toEqual(before)
    expect(test.database.prepare('select max(attempts), max(expires_at) from waybill_messages').raw().get()).toEqual([
      0,
      null,
    ])
    expect(test.statuses()).toEqual({ PENDING: 253 })
  })

  it('are thrown away in several transactions', async () => {
    await using test = setup()
    fill(test.test, 250, dead)
    fill(test.test, 5)
    expect(await test.storage.deadLetters.discard({ orderingKey: 'key-1' })).toBe(25)
    expect(await test.storage.deadLetters.discard({ all: true })).toBe(225)
    expect(test.statuses()).toEqual({ PENDING: 5 })
  })

  it('take the suspects and holds along that they left', async () => {
    await using test = setup()
    fill(test.test, 1, dead)
    test.database.exec(`insert into waybill_suspects values (1, 0, 1);
      insert into waybill_holds (topic, key, lane, head, due_at) values ('orders', 'key-1', 0, 1, 5), ('orders', 'k', 0, 2, 5)`)
    await test.storage.deadLetters.redrive({ all: true })
    expect(test.database.prepare('select count(*) from waybill_suspects').pluck().get()).toBe(0)
    expect(test.database.prepare('select head from waybill_holds').pluck().all()).toEqual([2])
  })
})

describe('prune', () => {
  it('finds what is old between what is not, in batches', async () => {
    await using test = setup()
    for (let round = 0; round < 3; round++) {
      fill(test.test, 25, published(60_000))
      fill(test.test, 25, published(0))
      fill(test.test, 5)
      fill(test.test, 5, dead)
    }
    expect(await test.storage.prune({ olderThanMs: 30_000, batchSize: 10 })).toBe(75)
    expect(test.statuses()).toEqual({ PUBLISHED: 75, PENDING: 15, DEAD: 15 })
  })
})

describe('retention', () => {
  it('removes old history as new history is made', async () => {
    await using test = setup({ retentionMs: 30_000 })
    fill(test.test, 300, dead)
    fill(test.test, 500, published(60_000))
    fill(test.test, 40)
    const session = await test.storage.join({ label: 'relay', leaseMs: 30_000 })
    const request = { limit: 5, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }
    for (let settled = 0; settled < 40; ) {
      const { messages } = await test.storage.claim(session, request)
      await test.storage.settle(
        session,
        messages.map(({ token }) => ({ type: 'published' as const, token })),
      )
      settled += messages.length
    }
    expect(test.statuses()).toEqual({ DEAD: 300, PUBLISHED: 40 })
    await test.storage.leave(session)
  })
})

describe('count', () => {
  it('counts a large outbox by status', async () => {
    await using test = setup()
    fill(test.test, 700, published(0))
    fill(test.test, 30)
    fill(test.test, 20, { available_at: 'unixepoch() * 1000 + 60000' })
    fill(test.test, 10, dead)
    expect(await test.storage.count()).toMatchObject({ pending: 50, processing: 0, published: 700, dead: 10 })
  })
})

describe('inspect', () => {
  it('looks for the first of a key however many others stand between', async () => {
    await using test = setup()
    fill(test.test, 1, { created_at: '1' })
    test.database.exec(`update waybill_messages set topic = 'mail'`)
    fill(test.test, 11_000)
    fill(test.test, 1, { created_at: '2' })
    test.database.exec(`update waybill_messages set topic = 'mail' where created_at = 2`)
    const id = (time: number) =>
      String(test.database.prepare('select id from waybill_messages where created_at = ?').pluck().get(time))
    const found = await test.storage.inspect(id(2))
    expect(found?.obstacles).toEqual([{ type: 'behind', messageId: id(1) }, { type: 'no-relay' }])
    expect((await test.storage.inspect(id(1)))?.obstacles).toEqual([{ type: 'no-relay' }])
  })
})
