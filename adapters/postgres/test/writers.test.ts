import { onServer } from '@waybill/conformance/containers'
import type { LaneReadResult } from '@waybill/core/lanes'
import pg, { type Client } from 'pg'
import { describe, expect, it, type TestContext } from 'vitest'
import { postgresMigrationSql } from '../src/index.ts'
import { everything, type LaneSetup, laneSetup } from './lane-setup.ts'
import { message, server } from './server.ts'

/** A barrier that is asked for, and not brought along by an earlier read. */
async function barrier(test: LaneSetup) {
  await test.store.read({ ...everything, limit: 1 })
  return test.store.barrier()
}

onServer(server, { it }, (postgres) => {
  describe('the barrier', () => {
    it('knows that nothing has been drawn', async () => {
      await using test = await laneSetup(postgres)
      expect(await test.store.barrier()).toEqual({ last: 0, writers: [] })
      await test.insert([message()])
      expect(await barrier(test)).toEqual({ last: 1, writers: [] })
    })

    it('names every transaction that may have written, whatever it has written so far', async () => {
      await using test = await laneSetup(postgres)
      const writers: readonly ((client: Client) => Promise<unknown>)[] = [
        (client) => client.query(`insert into waybill_messages (id, topic, type, payload) values ('a', 't', 'x', '')`),
        (client) => client.query('delete from waybill_messages where false'),
        (client) => client.query('lock table waybill_messages in row exclusive mode'),
      ]
      for (const [before, write] of writers.entries()) {
        const client = await test.begin()
        await client.query('delete from waybill_messages where false')
        await write(client)
        expect((await barrier(test)).writers).toHaveLength(before + 1)
      }
      const reader = await test.test.connect()
      await reader.query('begin; select * from waybill_messages; select pg_current_xact_id()')
      expect(new Set((await barrier(test)).writers).size).toBe(writers.length)
    })

    it('does not wait for writers of other tables, or of other databases', async () => {
      await using test = await laneSetup(postgres)
      const writer = await test.test.connect()
      await writer.query('begin; create table others (); insert into others default values')
      const elsewhere = await postgres.createDatabase()
      const client = new pg.Client({ connectionString: elsewhere.url })
      try {
        await client.connect()
        await client.query(`begin; ${postgresMigrationSql()}; select waybill_enqueue('t', 'x', '')`)
        expect(await barrier(test)).toEqual({ last: 0, writers: [] })
      } finally {
        await client.end()
        await elsewhere.drop()
      }
    })

    it('is complete: nothing commits at or below what was drawn once its writers are gone', async () => {
      await using test = await laneSetup(postgres)
      const producing = Array.from({ length: 6 }, () => produce(test, 60))
      let done = false
      const all = Promise.all(producing).then(() => {
        done = true
      })
      const seen: { readonly last: number; readonly positions: readonly number[] }[] = []
      while (!done) {
        const { last, writers } = await test.store.barrier()
        const { rows } = await test.store.read({ ...everything, limit: 10_000 })
        if (writers.length > 0) continue
        const positions = rows.map((row) => row.position).filter((position) => position <= last)
        seen.push({ last, positions })
      }
      await all
      const { rows } = await test.store.read({ ...everything, limit: 10_000 })
      const final = rows.map((row) => row.position)
      for (const { last, positions } of seen) expect(positions).toEqual(final.filter((position) => position <= last))
      expect(final.length).toBeGreaterThan(100)
    })
  })

  describe('writers that were left behind', () => {
    const ended = async (test: LaneSetup, watch: readonly string[]): Promise<LaneReadResult['endedWriters']> =>
      (await test.store.read({ ...everything, watch })).endedWriters

    it.for([
      [
        'a row',
        (client: Client) =>
          client.query(`insert into waybill_messages (id, topic, type, payload) values ('a', 't', 'x', '')`),
      ],
      [
        'a row after a savepoint',
        (client: Client) =>
          client.query(
            `savepoint s; insert into waybill_messages (id, topic, type, payload) values ('a', 't', 'x', '')`,
          ),
      ],
      ['nothing yet', (client: Client) => client.query('lock table waybill_messages in row exclusive mode')],
    ] as const)('with %s have ended when they have', async ([, write]) => {
      for (const end of ['commit', 'rollback']) {
        await using test = await laneSetup(postgres)
        const client = await test.begin()
        await write(client)
        const { writers } = await barrier(test)
        expect(writers).toHaveLength(1)
        expect(await ended(test, writers)).toEqual([])
        await client.query(`insert into waybill_messages (id, topic, type, payload) values ('b', 't', 'x', '')`)
        expect(await ended(test, [...writers, '999/999'])).toEqual(['999/999'])
        await client.query(end)
        expect(await ended(test, writers)).toEqual(writers)
      }
    })

    it('have not ended when they have been prepared', async (context: TestContext) => {
      await using test = await laneSetup(postgres)
      const [setting] = await test.test.query<{ setting: string }>(`show max_prepared_transactions`)
      if (setting !== undefined && Object.values(setting)[0] === '0')
        context.skip('the server takes no prepared transactions')
      const client = await test.begin([message({ id: 'a' })])
      const { writers } = await barrier(test)
      await client.query(`prepare transaction '${test.test.schema}'`)
      expect(await ended(test, writers)).toEqual([])
      expect((await barrier(test)).writers).toEqual(writers)
      await client.query(`commit prepared '${test.test.schema}'`)
      const result = await test.store.read({ ...everything, watch: writers })
      expect(result.endedWriters).toEqual(writers)
      expect(result.rows.map((row) => row.message.id)).toEqual(['a'])
    })

    it('show their rows in the read that tells of their end, or in the next one', async () => {
      await using test = await laneSetup(postgres)
      for (let round = 0; round < 30; round++) {
        const id = `m${round}`
        const client = await test.begin([message({ id })])
        const { writers } = await barrier(test)
        const commit = client.query('commit')
        while ((await ended(test, writers)).length === 0);
        expect(await test.idsOf({})).toContain(id)
        await commit
      }
    })
  })
})

/** Transactions of one producer: some rows, a pause, sometimes a rollback. */
async function produce(test: LaneSetup, transactions: number): Promise<void> {
  const client = await test.test.connect()
  for (let each = 0; each < transactions; each++) {
    await client.query('begin')
    for (let row = 0; row <= each % 3; row++) {
      await client.query(
        `insert into waybill_messages (id, topic, type, payload) values (gen_random_uuid()::text, 't', 'x', '')`,
      )
    }
    if (each % 4 === 0) await client.query('select pg_sleep(random() / 100)')
    await client.query(each % 7 === 0 ? 'rollback' : 'commit')
  }
}
