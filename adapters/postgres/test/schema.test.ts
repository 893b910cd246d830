import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { onServer } from '@waybill/conformance/containers'
import { Migrator } from 'kysely/migration'
import { describe, expect, it } from 'vitest'
import {
  migratePostgres,
  postgresInbox,
  postgresMigrationSql,
  postgresMigrations,
  postgresStorage,
} from '../src/index.ts'
import { emptyDatabase, message, migratedDatabase, server, type TestDatabase } from './server.ts'

type Row = Readonly<Record<string, unknown>>

const complete = { id: 'a', topic: 'orders', type: 'order.placed', payload: Buffer.from('{}') }

function insert(test: TestDatabase, row: Row): Promise<unknown> {
  const columns = Object.keys(row)
  const places = columns.map((_, index) => `$${index + 1}`)
  const text = `insert into waybill_messages (${columns.join()}) values (${places.join()})`
  return test.query(text, Object.values(row))
}

async function tables(test: TestDatabase): Promise<readonly string[]> {
  const text = 'select tablename from pg_tables where schemaname = $1 order by 1'
  return (await test.query<{ tablename: string }>(text, [test.schema])).map((row) => row.tablename)
}

onServer(server, { it }, (postgres) => {
  describe('the messages table', () => {
    it.for<[string, Row]>([
      ['an empty id', { id: '' }],
      ['a missing id', { id: null }],
      ['no payload', { payload: null }],
      ['NUL in an id', { id: 'a\u0000b' }],
      ['an id that is too long', { id: 'i'.repeat(256) }],
      ['an empty topic', { topic: '' }],
      ['an empty type', { type: '' }],
      ['an empty ordering key', { ordering_key: '' }],
      ['headers that are no JSON', { headers: '{' }],
      ['headers that are no object', { headers: '[]' }],
      ['attributes that are no JSON', { attributes: 'x' }],
      ['attributes that are no object', { attributes: '"x"' }],
      ['an attribute of another type', { attributes: '{"schemaVersion":"2"}' }],
      ['a fraction for a version', { attributes: '{"schemaVersion":1.5}' }],
      ['a number for a trace', { attributes: '{"traceparent":5}' }],
      ['an unknown status', { status: 'SENT' }],
      ['a status in other letters', { status: 'pending' }],
      ['PUBLISHED without a time', { status: 'PUBLISHED' }],
      ['a time of publication while PENDING', { published_at: 5 }],
      ['a time of death while PUBLISHED', { status: 'PUBLISHED', published_at: 5, died_at: 5 }],
      ['a time of death instead of one of publication', { status: 'PUBLISHED', died_at: 5 }],
      ['DEAD without an error', { status: 'DEAD', died_at: 5, dead_reason: 'rejected' }],
      ['DEAD and published', { status: 'DEAD', published_at: 5, dead_reason: 'rejected', last_error: '{}' }],
      ['DEAD without a reason', { status: 'DEAD', died_at: 5 }],
      ['negative attempts', { attempts: -1 }],
      ['no attempts allowed', { max_attempts: 0 }],
      ['text for a time', { available_at: 'tomorrow' }],
      ['a position', { position: 5 }],
      ['a lane', { lane: 3 }],
    ])('refuses %s', async ([, row]) => {
      await using test = await migratedDatabase(postgres)
      await expect(insert(test, { ...complete, ...row })).rejects.toThrow()
      await insert(test, complete)
    })

    it('draws a position once, also after its row is gone, and none beyond what JavaScript can count', async () => {
      await using test = await migratedDatabase(postgres)
      await insert(test, complete)
      await test.query('delete from waybill_messages')
      await insert(test, complete)
      expect(await test.query('select position from waybill_messages')).toEqual([{ position: '2' }])
      await test.query(`select setval('waybill_messages_position_seq', 9007199254740991)`)
      await expect(insert(test, { ...complete, id: 'b' })).rejects.toThrow(/maximum value/)
    })

    it('gives keys lanes that never change, or they would lose their order', async () => {
      await using test = await migratedDatabase(postgres)
      const keys = ['a', 'order:123', '0198c0de-0000-7000-8000-0123456789ab', 'Grüße 東京 🚚', 'k'.repeat(255)]
      for (const [index, key] of keys.entries()) await insert(test, { ...complete, id: `${index}`, ordering_key: key })
      await insert(test, { ...complete, id: 'order:123' })
      const lanes = await test.query<{ lane: number }>('select lane::int from waybill_messages order by position')
      expect(lanes.map(({ lane }) => lane)).toEqual([12, 57, 54, 5, 9, 57])
    })

    it('is vacuumed early and keeps its space', async () => {
      await using test = await migratedDatabase(postgres)
      const [row] = await test.query<{ options: readonly string[] }>(
        `select reloptions as options from pg_class where oid = 'waybill_messages'::regclass`,
      )
      expect(row?.options).toEqual(
        expect.arrayContaining(['autovacuum_vacuum_scale_factor=0.02', 'vacuum_truncate=false']),
      )
    })
  })

  describe('migrations', () => {
    it('take a schema and a prefix, and go down again', async () => {
      await using test = await emptyDatabase(postgres)
      const schema = `${test.schema}_Other`
      await test.query(`create schema "${schema}"`)
      const options = { schema, tablePrefix: 'Box_' }
      await migratePostgres(test, options)
      await migratePostgres(test, options)
      expect(await tables(test)).toEqual([])
      const storage = postgresStorage({ pool: test.pool, ...options })
      await storage.transaction((tx) => storage.insert(tx, [message({ id: 'a' })]))
      const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
      const claimed = await storage.claim(session, { limit: 1, maxBytes: 1000, skipTopics: [], probeTopics: [] })
      expect(claimed.messages).toHaveLength(1)
      await storage.leave(session)
      await storage.close()
      await test.query(postgresMigrationSql('down', options))
      await test.query(`drop schema "${schema}"`)
    })

    it('go up and down with the application’s own, in Kysely', async () => {
      await using test = await emptyDatabase(postgres)
      const getMigrations = async () => ({ ...postgresMigrations() })
      const migrator = new Migrator({ db: test.db, provider: { getMigrations } })
      expect((await migrator.migrateToLatest()).error).toBeUndefined()
      await insert(test, complete)
      expect((await migrator.migrateDown()).error).toBeUndefined()
      expect((await tables(test)).filter((name) => name.startsWith('waybill'))).toEqual([])
    })

    it('go up and down as text', async () => {
      await using test = await emptyDatabase(postgres)
      await test.query(`begin; ${postgresMigrationSql()}; commit`)
      await insert(test, complete)
      await test.query(`begin; ${postgresMigrationSql('down')}; commit`)
      expect(await tables(test)).toEqual([])
      const types = 'select typname from pg_type where typnamespace = $1::regnamespace'
      expect(await test.query(types, [test.schema])).toEqual([])
    })

    it('do their work once, also when several processes call', async () => {
      await using test = await emptyDatabase(postgres)
      const program = `import { migratePostgres } from '@waybill/postgres'
        import pg from 'pg'
        const pool = new pg.Pool({ connectionString: ${JSON.stringify(test.url)} })
        await migratePostgres({ pool })
        await pool.end()`
      const flags = ['--conditions=@waybill/source', '--input-type=module', '--eval', program]
      const migrate = () => promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname })
      await Promise.all([migrate(), migrate(), migrate(), migratePostgres({ db: test.db }), migratePostgres(test)])
      await insert(test, complete)
      await migratePostgres(test)
      expect(await test.query('select id from waybill_messages')).toEqual([{ id: 'a' }])
    })
  })

  describe('the schema check', () => {
    it.for([
      ['schema_version', 0, 'SCHEMA_STALE'],
      ['oldest_build', 2, 'SCHEMA_TOO_NEW'],
      ['lane_count', 32, 'STORAGE_UNSUPPORTED'],
    ] as const)('refuses a %s of %i with %s', async ([name, value, code]) => {
      await using test = await migratedDatabase(postgres)
      await test.query('update waybill_meta set value = $1 where name = $2', [value, name])
      const storage = postgresStorage({ pool: test.pool })
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({ code, retryable: false })
      await storage.close()
    })

    it('takes a newer schema that still serves this build', async () => {
      await using test = await migratedDatabase(postgres)
      await test.query(`update waybill_meta set value = 7 where name = 'schema_version'`)
      const storage = postgresStorage({ pool: test.pool })
      await storage.leave(await storage.join({ label: 'relay', leaseMs: 1000 }))
      await storage.close()
    })

    it.for([
      ['nothing', {}],
      ['text for a pool', { pool: 'postgres://u:secret@h/d' }],
      ['something else for a Kysely instance', { db: { query: () => undefined } }],
      ['one of the two wrong', { db: 5 }],
    ] as const)('refuses %s in place of the database, and shows no secret', async ([, handle]) => {
      const made = [
        () => postgresStorage(handle as never),
        () => postgresInbox(handle as never),
        () => migratePostgres(handle as never),
      ].map(async (make) => make())
      for (const attempt of made) {
        await expect(attempt).rejects.toMatchObject({
          code: 'CONFIGURATION',
          message: expect.not.stringContaining('secret'),
        })
      }
    })

    it('refuses what is wrong with the options, all at once, and shows no secret', async () => {
      await using test = await emptyDatabase(postgres)
      const options = { retentionMs: -1, lockTimeoutMs: 0.5, statementTimeoutMs: 1, tablePrefix: 'a b', schema: '"' }
      const make = () => postgresStorage({ pool: test.pool, ...options, listenUrl: 'http://u:secret@h' })
      expect(make).toThrow(
        expect.objectContaining({ code: 'CONFIGURATION', problems: expect.toSatisfy((all) => all.length === 6) }),
      )
      expect(make).not.toThrow(/secret/)
    })
  })
})
