import { onServer, type Server } from '@waybill/conformance/containers'
import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresInbox, postgresStorage } from '../src/index.ts'
import { readmeSql } from './readme.ts'
import { message, migratedDatabase, server } from './server.ts'
import { useAll } from './use-inbox.ts'

type Role = 'producer' | 'relay' | 'operator' | 'consumer'

/** The grants of the README, as they stand there. Roles are the whole server's: each test has its own. */
const [allGrants = '', ...policies] = readmeSql('Roles')
const grantsTo = (role: Role) => allGrants.split(';').filter((grant) => grant.trimEnd().endsWith(` to ${role}`))
const named = (sql: string, role: Role, name: string) => sql.replaceAll(` to ${role}`, ` to "${name}"`)

async function setup(postgres: Server, role: Role) {
  const test = await migratedDatabase(postgres)
  const name = `${test.schema}_${role}`
  await test.query(`create role "${name}" login password 'secret'; grant usage on schema ${test.schema} to "${name}"`)
  for (const grant of grantsTo(role)) await test.query(named(grant, role, name))
  const url = new URL(test.url)
  url.username = name
  url.password = 'secret'
  const pool = new pg.Pool({ connectionString: url.href })
  return {
    test,
    name,
    pool,
    storage: postgresStorage({ pool }),
    all: postgresStorage({ pool: test.pool }),
    async [Symbol.asyncDispose]() {
      await this.storage.close()
      await this.all.close()
      await pool.end()
      await test.query(`drop owned by "${name}"; drop role "${name}"`)
      await test[Symbol.asyncDispose]()
    },
  }
}

const request = { limit: 10, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }

onServer(server, { it }, (postgres) => {
  it('a producer can enqueue, by itself and by the function, and read nothing', async () => {
    await using test = await setup(postgres, 'producer')
    await test.storage.transaction(async (tx) => {
      await test.storage.lockKey?.(tx, 'orders\u0000k')
      await test.storage.insert(tx, [message()])
      await tx.query(`select waybill_enqueue('orders', 'order.placed', '{}')`)
    })
    expect(await test.all.count()).toMatchObject({ pending: 2 })
    await expect(test.storage.count()).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' })
  })

  it('a relay can work, and not enqueue', async () => {
    await using test = await setup(postgres, 'relay')
    await test.all.transaction((tx) =>
      test.all.insert(
        tx,
        ['a', 'b', 'c'].map((id) => message({ id })),
      ),
    )
    const session = await test.storage.join({ label: 'relay', leaseMs: 30_000 })
    const { messages } = await test.storage.claim(session, request)
    const tokens = messages.map(({ token }) => token)
    await test.storage.markPublishing(session, tokens)
    const error = { code: 'BROKER_REJECTED', message: 'no' } as const
    const outcomes = [
      { type: 'published' },
      { type: 'retry', delayMs: 0, spendsAttempt: true, error },
      { type: 'dead', spendsAttempt: true, reason: 'rejected', error },
    ] as const
    const settlements = outcomes.flatMap((outcome, index) => {
      const token = tokens[index]
      return token === undefined ? [] : [{ ...outcome, token }]
    })
    expect(await test.storage.settle(session, settlements)).toEqual({ lost: [] })
    await test.storage.renew(session)
    await test.storage.leave(session)
    expect(await test.all.count()).toMatchObject({ pending: 1, published: 1, dead: 1 })
    await expect(test.storage.transaction((tx) => test.storage.insert(tx, [message()]))).rejects.toMatchObject({
      code: 'STORAGE_READ_ONLY',
    })
  })

  it('an operator can look, redrive and discard', async () => {
    await using test = await setup(postgres, 'operator')
    const dead = `'DEAD', 1, 'rejected', '{"code":"X","message":"no"}'`
    for (const id of ['a', 'b']) {
      await test.test.query(
        `insert into waybill_messages (id, topic, type, payload, status, died_at, dead_reason, last_error)
         values ('${id}', 'orders', 'x', '', ${dead})`,
      )
    }
    expect(await test.storage.deadLetters.list()).toHaveLength(2)
    expect(await test.storage.deadLetters.redrive({ ids: ['a'] })).toBe(1)
    expect(await test.storage.deadLetters.discard({ ids: ['b'] })).toBe(1)
    expect(await test.storage.inspect('a')).toMatchObject({ status: 'PENDING' })
    expect(await test.storage.prune({ olderThanMs: 0 })).toBe(0)
  })

  it('a relay can keep a history by day, and drop its days, and nobody else can', async () => {
    await using test = await setup(postgres, 'relay')
    const storage = postgresStorage({ pool: test.pool, historyByDay: true })
    await test.all.transaction((tx) => test.all.insert(tx, [message({ id: 'a' })]))
    const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
    const { messages } = await storage.claim(session, request)
    await storage.settle(
      session,
      messages.map(({ token }) => ({ type: 'published', token })),
    )
    expect(await test.test.query('select id from waybill_history')).toEqual([{ id: 'a' }])
    const [day] = await test.test.query<{ name: string }>(
      `select inhrelid::regclass as name from pg_inherits where inhparent = 'waybill_history'::regclass limit 1`,
    )
    await expect(test.pool.query(`drop table ${day?.name}`)).rejects.toThrow(/owner/)
    await storage.close()
    await using other = await setup(postgres, 'operator')
    await expect(other.pool.query(`select waybill_rotate_history('0')`)).rejects.toThrow(/permission denied/)
  })

  it('who may call what runs with the owner’s rights cannot lend it tables of his own', async () => {
    await using test = await setup(postgres, 'relay')
    const client = await test.pool.connect()
    await client.query(
      'create temporary table waybill_history (like waybill_messages) partition by range (published_at)',
    )
    await client.query(`select waybill_rotate_history('1 day')`)
    const parents = await client.query('select distinct inhparent::regclass::text as name from pg_inherits')
    expect(parents.rows).not.toContainEqual({ name: expect.stringContaining('pg_temp') })
    client.release()
  })

  it('a consumer can keep receipts, and prune them', async () => {
    await using test = await setup(postgres, 'consumer')
    const inbox = postgresInbox({ pool: test.pool })
    const receipt = { consumer: 'billing', key: 'a' }
    const record = () => inbox.transaction((tx) => inbox.record(tx, [receipt]))
    expect([await record(), await record()]).toEqual([['recorded'], ['duplicate']])
    await useAll(inbox)
    expect(await inbox.prune({ olderThanMs: 0 })).toBe(1)
    await expect(test.pool.query('delete from waybill_transitions')).rejects.toThrow(/permission denied/)
    await expect(test.pool.query('select from waybill_messages')).rejects.toThrow(/permission denied/)
  })

  it('a relay is refused where row-level security would hide messages from it', async () => {
    await using test = await setup(postgres, 'relay')
    const join = () => test.storage.join({ label: 'relay', leaseMs: 1000 })
    const refused = { code: 'STORAGE_UNSUPPORTED', message: expect.stringContaining('BYPASSRLS') }
    await test.test.query('alter table waybill_messages enable row level security')
    await expect(join()).rejects.toMatchObject(refused)
    const policy = `create policy theirs on waybill_messages for all to "${test.name}" using`
    await test.test.query(`${policy} (topic = 'orders')`)
    await expect(join()).rejects.toMatchObject(refused)
    await test.test.query(`drop policy theirs on waybill_messages; ${policy} (true)`)
    await test.storage.leave(await join())
    await test.test.query(`create policy less on waybill_messages as restrictive to public using (topic = 'orders')`)
    await expect(join()).rejects.toMatchObject(refused)
  })

  it('the policies of the README let producers write and relays see everything', async () => {
    await using relay = await setup(postgres, 'relay')
    const producer = `${relay.name}_producer`
    await relay.test.query(`create role "${producer}"; grant usage on schema ${relay.test.schema} to "${producer}"`)
    for (const grant of grantsTo('producer')) await relay.test.query(named(grant, 'producer', producer))
    for (const sql of policies) await relay.test.query(named(named(sql, 'producer', producer), 'relay', relay.name))
    await relay.test.query(`set role "${producer}"; select waybill_enqueue('orders', 'x', '{}'); reset role`)
    const session = await relay.storage.join({ label: 'relay', leaseMs: 30_000 })
    expect((await relay.storage.claim(session, request)).messages).toHaveLength(1)
    await relay.storage.leave(session)
    await relay.test.query(`drop owned by "${producer}"; drop role "${producer}"`)
  })
})
