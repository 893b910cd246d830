import { hash } from 'node:crypto'
import { Migrator } from 'kysely/migration'
import { describe, expect, it } from 'vitest'
import { migrateMysql, mysqlInbox, mysqlMigrationSql, mysqlMigrations, mysqlStorage } from '../src/index.ts'
import { emptyDatabase, migratedDatabase, plainInsert, type TestDatabase } from './database.ts'
import { onEachServer } from './servers.ts'

type Row = Readonly<Record<string, unknown>>

const complete = { id: 'a', topic: 'orders', type: 'order.placed', payload: Buffer.from('{}') }

const refused: Readonly<Record<string, Row>> = {
  'an empty id': { id: '' },
  'a missing id': { id: null },
  'no payload': { payload: null },
  'NUL in an id': { id: 'a\u0000b' },
  'an id that is too long': { id: 'i'.repeat(256) },
  'an empty topic': { topic: '' },
  'an empty type': { type: '' },
  'an empty ordering key': { ordering_key: '' },
  'headers that are no JSON': { headers: '{' },
  'headers that are no object': { headers: '[]' },
  'attributes that are no JSON': { attributes: 'x' },
  'attributes that are no object': { attributes: '"x"' },
  'an attribute of another type': { attributes: '{"schemaVersion":"2"}' },
  'a null for an attribute': { attributes: '{"sequence":null}' },
  'a fraction for a version': { attributes: '{"schemaVersion":1.5}' },
  'a number for a trace': { attributes: '{"traceparent":5}' },
  'an unknown status': { status: 'SENT' },
  'a status in other letters': { status: 'pending' },
  'a status with a space': { status: 'PENDING ' },
  'PUBLISHED without a time': { status: 'PUBLISHED' },
  'a time of publication while PENDING': { published_at: 5 },
  'DEAD without a reason': { status: 'DEAD', died_at: 5 },
  'negative attempts': { attempts: -1 },
  'no attempts allowed': { max_attempts: 0 },
  'text for a time': { available_at: 'tomorrow' },
  'a lane of its own': { lane: 3 },
}

async function tablesOf(test: TestDatabase): Promise<readonly string[]> {
  const sql = `select table_name as name from information_schema.tables where table_schema = database()
    and table_name not like 'kysely%' order by table_name`
  return (await test.rows(sql)).map((row) => row['name'])
}

async function runAll(test: TestDatabase, text: string): Promise<void> {
  for (const statement of text.split(/;\n?/).filter((each) => each.trim() !== '')) await test.admin.query(statement)
}

await onEachServer((server) => {
  describe('the messages table', () => {
    it('refuses what a relay could not publish', async () => {
      await using test = await migratedDatabase(server)
      const accepted: string[] = []
      for (const [name, fields] of Object.entries(refused)) {
        const insert = test.admin.query('insert into waybill_messages set ?', [{ ...complete, ...fields }])
        await insert.then(
          () => accepted.push(name),
          () => undefined,
        )
      }
      expect(accepted).toEqual([])
      await test.admin.query('insert into waybill_messages set ?', [complete])
    })

    it('tells ids apart byte for byte', async () => {
      await using test = await migratedDatabase(server)
      const ids = ['key', 'KEY', 'key ', 'k\u00e9y', 'ke\u0301y', ' key']
      for (const id of ids) await plainInsert(test.admin, id)
      const rows = await test.rows('select id from waybill_messages where id = ?', ['key'])
      expect(rows).toEqual([{ id: 'key' }])
    })

    it('draws a position once, also after its row is gone', async () => {
      await using test = await migratedDatabase(server)
      await plainInsert(test.admin, 'a')
      await test.admin.query('delete from waybill_messages')
      await plainInsert(test.admin, 'a')
      expect(await test.rows('select position from waybill_messages')).toEqual([{ position: 2 }])
    })
  })

  describe('lanes', () => {
    const count = 12_800
    // Not random, so that the test cannot fail by chance.
    const hex = (index: number, length: number) => hash('sha256', String(index)).slice(0, length)

    it('spread keys of all kinds', async () => {
      await using test = await migratedDatabase(server)
      const kinds: readonly ((index: number) => string)[] = [
        (index) => hex(index, 32).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
        (index) => `01990000-${index.toString(16).padStart(4, '0')}-7${hex(index, 3)}-8000-${hex(index, 12)}`,
        (index) => `order:${index}`,
        (index) => `order-${String(index).padStart(10, '0')}`,
        (index) => index.toString(36),
        (index) => `tenant:${index}:order-confirmation`,
        (index) => `заказ-${index}-東京`,
      ]
      for (const [kind, key] of kinds.entries()) {
        await test.admin.query('delete from waybill_messages')
        const rows = Array.from({ length: count }, (_, index) => [`${kind}-${index}`, 't', 't', '', key(index)])
        await test.admin.query('insert into waybill_messages (id, topic, type, payload, ordering_key) values ?', [rows])
        const lanes = await test.rows('select lane, count(*) as count from waybill_messages group by lane')
        expect(lanes).toHaveLength(64)
        // 200 in each lane on average.
        for (const lane of lanes) expect(Number(lane['count'])).toSatisfy((n: number) => n > 50 && n < 400)
      }
    })

    it('never change: a key that moves to another lane loses its order', async () => {
      await using test = await migratedDatabase(server)
      const keys = ['a', 'order:123', '0198c0de-0000-7000-8000-0123456789ab', 'Grüße 東京 🚚', 'k'.repeat(255)]
      for (const [index, key] of keys.entries()) {
        const row = { ...complete, id: `${index}`, ordering_key: key }
        await test.admin.query('insert into waybill_messages set ?', [row])
      }
      await test.admin.query('insert into waybill_messages set ?', [{ ...complete, id: 'order:123' }])
      const rows = await test.rows('select lane from waybill_messages order by position')
      expect(rows.map((row) => row['lane'])).toEqual([3, 3, 58, 21, 57, 3])
    })
  })

  describe('migrations', () => {
    const names = [
      'commands',
      'holds',
      'inbox_crashes',
      'inbox_dead_letters',
      'key_locks',
      'lanes',
      'messages',
      'meta',
      'receipts',
      'relays',
      'suspects',
      'transitions',
    ]

    it('go up and down as plain SQL, and leave nothing', async () => {
      await using test = await emptyDatabase(server)
      await runAll(test, mysqlMigrationSql('up', { tablePrefix: 'box_' }))
      expect(await tablesOf(test)).toEqual(names.map((name) => `box_${name}`))
      await runAll(test, mysqlMigrationSql('down', { tablePrefix: 'box_' }))
      expect(await tablesOf(test)).toEqual([])
    })

    it('go up and down with the application’s own, in Kysely', async () => {
      await using test = await emptyDatabase(server)
      const getMigrations = async () => ({ ...mysqlMigrations() })
      const migrator = new Migrator({ db: test.kysely(), provider: { getMigrations } })
      expect((await migrator.migrateToLatest()).error).toBeUndefined()
      await plainInsert(test.admin, 'a')
      expect((await migrator.migrateDown()).error).toBeUndefined()
      expect(await tablesOf(test)).toEqual([])
    })

    it('do their work once, also when several processes call', async () => {
      await using test = await emptyDatabase(server)
      await Promise.all([1, 2, 3].map(() => migrateMysql({ pool: test.pool() })))
      await plainInsert(test.admin, 'a')
      await migrateMysql({ db: test.kysely() })
      expect(await test.rows('select count(*) as count from waybill_messages')).toEqual([{ count: 1 }])
    })

    it('go on where an interrupted call has stopped', { timeout: 60_000 }, async () => {
      const statements = mysqlMigrationSql().split(';\n')
      await using test = await emptyDatabase(server)
      const last = statements.length
      for (const done of [1, 5, last - 3, last - 1]) {
        await runAll(test, statements.slice(0, done).join(';\n'))
        await migrateMysql({ pool: test.pool() })
        expect(await tablesOf(test)).toHaveLength(names.length)
        expect(await test.rows('select count(*) as count from waybill_lanes')).toEqual([{ count: 64 }])
        await runAll(test, mysqlMigrationSql('down'))
      }
    })

    it('name what keeps them from the database', async () => {
      await using test = await emptyDatabase(server)
      const migration = migrateMysql({ pool: test.pool({ user: 'nobody_knows', password: 'guessed' }) })
      await expect(migration).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    })
  })

  describe('the check at the start of a relay', () => {
    it.for([
      ['schema_version', 0, 'SCHEMA_STALE'],
      ['oldest_build', 2, 'SCHEMA_TOO_NEW'],
      ['lane_count', 32, 'STORAGE_UNSUPPORTED'],
    ] as const)('refuses a %s of %i with %s', async ([name, value, code]) => {
      await using test = await migratedDatabase(server)
      await test.admin.query('update waybill_meta set value = ? where name = ?', [value, name])
      const storage = mysqlStorage({ pool: test.pool() })
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({ code, retryable: false })
      await storage.close()
    })

    it('refuses tables of an engine without transactions', async () => {
      await using test = await migratedDatabase(server)
      const indexes = 'drop index id, drop index waybill_messages_status, drop index waybill_messages_aggregate'
      await test.admin.query(`alter table waybill_messages ${indexes}, engine = MyISAM`)
      const storage = mysqlStorage({ pool: test.pool() })
      const code = 'STORAGE_UNSUPPORTED'
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({ code })
      await storage.close()
    })

    it('refuses positions that JavaScript cannot count', async () => {
      await using test = await migratedDatabase(server)
      await test.admin.query('alter table waybill_messages auto_increment = 9007199254740992')
      await plainInsert(test.admin, 'a')
      const storage = mysqlStorage({ pool: test.pool() })
      const code = 'STORAGE_UNSUPPORTED'
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({ code })
      await storage.close()
    })

    it('refuses a driver that does not tell found rows from changed ones', async () => {
      await using test = await migratedDatabase(server)
      const pool = { flags: ['-FOUND_ROWS'] }
      const storage = mysqlStorage({ db: test.kysely(pool) })
      const refusal = { code: 'STORAGE_UNSUPPORTED', message: expect.stringContaining('FOUND_ROWS') }
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject(refusal)
    })
  })
})

it('refuses whatever is wrong with the options, all at once', () => {
  const problems = (count: number) =>
    expect.objectContaining({ code: 'CONFIGURATION', problems: expect.toSatisfy((all) => all.length === count) })
  const options = { retentionMs: -1, lockTimeoutMs: 0.5, statementTimeoutMs: 0, tablePrefix: 'a b' }
  expect(() => mysqlMigrationSql('up', { tablePrefix: 'a b' })).toThrow(problems(1))
  // @ts-expect-error: no database at all
  expect(() => mysqlStorage(options)).toThrow(problems(5))
  // @ts-expect-error: a connection is no pool, and a text no Kysely instance
  expect(() => mysqlStorage({ ...options, pool: { query: () => undefined }, db: 'secret' })).toThrow(problems(6))
  // @ts-expect-error: nothing at all
  expect(() => mysqlStorage()).toThrow(problems(1))
  // @ts-expect-error: nothing at all
  expect(() => mysqlInbox()).toThrow(problems(1))
})

it('migrates nothing without a database', async () => {
  // @ts-expect-error: nothing at all
  await expect(migrateMysql()).rejects.toMatchObject({ code: 'CONFIGURATION' })
})
