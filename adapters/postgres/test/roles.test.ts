import { onServer, type Server } from '@waybill/conformance/containers'
import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { message, migratedDatabase, server } from './server.ts'

/** The grants of the README, as they stand there. */
const grants = {
  producer: ['grant insert on waybill_messages to "ROLE"'],
  relay: [
    'grant select, update, delete on waybill_messages to "ROLE"',
    'grant select on sequence waybill_messages_position_seq to "ROLE"',
    'grant select, insert, update, delete on waybill_relays, waybill_lanes, waybill_holds, waybill_suspects to "ROLE"',
    'grant select on waybill_meta to "ROLE"',
  ],
  operator: [
    'grant select, insert, update, delete on waybill_messages to "ROLE"',
    'grant select on waybill_relays, waybill_lanes to "ROLE"',
    'grant select, delete on waybill_holds, waybill_suspects to "ROLE"',
  ],
} as const

async function setup(postgres: Server, role: keyof typeof grants) {
  const test = await migratedDatabase(postgres)
  const name = `${test.schema}_${role}`
  await test.query(`create role "${name}" login password 'secret'; grant usage on schema ${test.schema} to "${name}"`)
  for (const grant of grants[role]) await test.query(grant.replace('ROLE', name))
  const url = new URL(test.url)
  url.username = name
  url.password = 'secret'
  const pool = new pg.Pool({ connectionString: url.href })
  return {
    test,
    name,
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

  it('a relay is refused where row-level security would hide messages from it', async () => {
    await using test = await setup(postgres, 'relay')
    await test.test.query('alter table waybill_messages enable row level security')
    await expect(test.storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({
      code: 'STORAGE_UNSUPPORTED',
      message: expect.stringContaining('BYPASSRLS'),
    })
  })
})
