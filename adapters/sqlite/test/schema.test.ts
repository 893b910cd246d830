import { hash } from 'node:crypto'
import { dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, it } from 'vitest'
import { migrateSqlite, sqliteInbox, sqliteMigrationSql, sqliteMigrations, sqliteStorage } from '../src/index.ts'
import { isSafeVersion } from '../src/open.ts'
import { emptyDatabase, migratedDatabase, type TestDatabase } from './database.ts'

type Row = Readonly<Record<string, unknown>>

const complete = { id: 'a', topic: 'orders', type: 'order.placed', payload: Buffer.from('{}') }

function insert(test: TestDatabase, row: Row): void {
  const columns = Object.keys(row)
  const places = columns.map((column) => `@${column}`)
  test.connect().prepare(`insert into waybill_messages (${columns.join()}) values (${places.join()})`).run(row)
}

describe('the messages table', () => {
  it.for<[string, Row]>([
    ['an empty id', { id: '' }],
    ['a missing id', { id: null }],
    ['a number for bytes', { payload: 5 }],
    ['no payload', { payload: null }],
    ['NUL in an id', { id: 'a\u0000b' }],
    ['an id that is too long', { id: 'i'.repeat(256) }],
    ['an empty topic', { topic: '' }],
    ['an empty type', { type: '' }],
    ['bytes for a topic', { topic: Buffer.from('orders') }],
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
    ['DEAD without a reason', { status: 'DEAD', died_at: 5 }],
    ['negative attempts', { attempts: -1 }],
    ['no attempts allowed', { max_attempts: 0 }],
    ['text for a time', { available_at: 'tomorrow' }],
    ['a position beyond what JavaScript can count', { position: 9_007_199_254_740_992n }],
    ['a position of zero', { position: 0 }],
  ])('refuses %s', async ([, row]) => {
    await using test = migratedDatabase()
    expect(() => insert(test, { ...complete, ...row })).toThrow(/constraint failed|cannot store/)
  })

  it('makes the lane itself', async () => {
    await using test = migratedDatabase()
    expect(() => insert(test, { ...complete, lane: 3 })).toThrow(/generated column/)
  })

  it('draws a position once, also after its row is gone', async () => {
    await using test = migratedDatabase()
    const database = test.connect()
    insert(test, complete)
    database.exec('delete from waybill_messages')
    insert(test, complete)
    expect(database.prepare('select position from waybill_messages').pluck().get()).toBe(2)
  })
})

describe('lanes', () => {
  const lanesOf = (keys: readonly string[]) => {
    const test = migratedDatabase()
    const database = test.connect()
    const insertKey = database.prepare(
      `insert into waybill_messages (id, topic, type, payload, ordering_key) values (?, 't', 't', '', ?)`,
    )
    database.transaction(() => {
      for (const [index, key] of keys.entries()) insertKey.run(`${index}`, key)
    })()
    return { test, lanes: database.prepare('select lane from waybill_messages order by position').pluck().all() }
  }
  const count = 12_800
  const numbers = Array.from({ length: count }, (_, index) => index)
  // Not random, so that the test cannot fail by chance.
  const hex = (index: number, length: number) => hash('sha256', String(index)).slice(0, length)

  it.for<[string, (index: number) => string]>([
    ['random UUIDs', (index) => hex(index, 32).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')],
    ['UUIDv7', (index) => `01990000-${index.toString(16).padStart(4, '0')}-7${hex(index, 3)}-8000-${hex(index, 12)}`],
    ['names with numbers', (index) => `order:${index}`],
    ['padded numbers', (index) => `order-${String(index).padStart(10, '0')}`],
    ['short keys', (index) => index.toString(36)],
    ['keys with one ending', (index) => `tenant:${index}:order-confirmation`],
    ['keys of another script', (index) => `заказ-${index}-東京`],
  ])('spreads %s', async ([, key]) => {
    const { test, lanes } = lanesOf(numbers.map(key))
    await using _ = test
    const counts = new Map<unknown, number>()
    for (const lane of lanes) counts.set(lane, (counts.get(lane) ?? 0) + 1)
    expect(counts.size).toBe(64)
    expect([...counts.keys()].every((lane) => typeof lane === 'number' && lane >= 0 && lane < 64)).toBe(true)
    // 200 in each lane on average.
    expect(Math.max(...counts.values())).toBeLessThan(400)
    expect(Math.min(...counts.values())).toBeGreaterThan(50)
  })

  it('never change: a key that moves to another lane loses its order', async () => {
    const keys = ['a', 'order:123', '0198c0de-0000-7000-8000-0123456789ab', 'Grüße 東京 🚚', 'k'.repeat(255)]
    const { test, lanes } = lanesOf(keys)
    await using _ = test
    expect(lanes).toEqual([33, 15, 56, 13, 50])
  })

  it('are those of the id where there is no ordering key', async () => {
    await using test = migratedDatabase()
    insert(test, { ...complete, id: 'x', ordering_key: 'order:7' })
    insert(test, { ...complete, id: 'order:7' })
    const [first, second] = test.connect().prepare('select lane from waybill_messages').pluck().all()
    expect(first).toBe(second)
  })
})

describe('migrations', () => {
  const tables = (test: TestDatabase) =>
    test
      .connect()
      .prepare(
        `select name from sqlite_master where name not like 'sqlite_%' and name not like 'kysely_%' order by name`,
      )
      .pluck()
      .all()

  it('go up and down as plain SQL, and leave nothing', async () => {
    await using test = emptyDatabase()
    test.connect().exec(sqliteMigrationSql('up', { tablePrefix: 'box_' }))
    expect(tables(test)).toEqual([
      'box_commands',
      'box_holds',
      'box_inbox_crashes',
      'box_inbox_dead_letters',
      'box_inbox_dead_letters_due',
      'box_inbox_dead_letters_scope',
      'box_lanes',
      'box_messages',
      'box_messages_aggregate',
      'box_messages_dead',
      'box_messages_pending',
      'box_messages_scheduled',
      'box_meta',
      'box_receipts',
      'box_relays',
      'box_suspects',
      'box_transitions',
    ])
    test.connect().exec(sqliteMigrationSql('down', { tablePrefix: 'box_' }))
    expect(tables(test)).toEqual([])
  })

  it('go up and down with the application’s own, in Kysely', async () => {
    await using test = emptyDatabase()
    const getMigrations = async () => ({ ...sqliteMigrations() })
    const migrator = new Migrator({ db: test.kysely(), provider: { getMigrations } })
    expect((await migrator.migrateToLatest()).error).toBeUndefined()
    insert(test, complete)
    expect((await migrator.migrateDown()).error).toBeUndefined()
    expect(tables(test)).toEqual([])
  })

  it('make the rest of what an interrupted migration has left', async () => {
    await using whole = emptyDatabase()
    whole.connect().exec(sqliteMigrationSql())
    const statements = sqliteMigrationSql().split(';\n')
    for (let made = 1; made < statements.length; made++) {
      await using test = emptyDatabase()
      test.connect().exec(`${statements.slice(0, made).join(';\n')};`)
      await migrateSqlite(test.kysely())
      expect(tables(test)).toEqual(tables(whole))
      const storage = sqliteStorage({ db: test.kysely() })
      await storage.leave(await storage.join({ label: 'relay', leaseMs: 1000 }))
      await storage.close()
    }
  })

  it('do their work once, also when several processes call', async () => {
    await using test = emptyDatabase()
    await Promise.all([1, 2, 3].map(() => migrateSqlite(test.kysely())))
    insert(test, complete)
    await migrateSqlite(test.kysely())
    expect(test.connect().prepare('select count(*) from waybill_messages').pluck().get()).toBe(1)
    expect(test.connect().pragma('journal_mode', { simple: true })).toBe('wal')
  })
})

describe('the schema check', () => {
  it.for([
    ['schema_version', 0, 'SCHEMA_STALE'],
    ['oldest_build', 2, 'SCHEMA_TOO_NEW'],
    ['lane_count', 32, 'STORAGE_UNSUPPORTED'],
  ] as const)('refuses a %s of %i with %s', async ([name, value, code]) => {
    await using test = migratedDatabase()
    test.connect().prepare('update waybill_meta set value = ? where name = ?').run(value, name)
    const storage = sqliteStorage({ db: test.kysely() })
    await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({ code, retryable: false })
    await storage.close()
  })

  it('takes a newer schema that still serves this build', async () => {
    await using test = migratedDatabase()
    test.connect().exec(`update waybill_meta set value = 7 where name = 'schema_version'`)
    const storage = sqliteStorage({ db: test.kysely() })
    await storage.leave(await storage.join({ label: 'relay', leaseMs: 1000 }))
    await storage.close()
  })
})

describe('opening', () => {
  it('refuses a database in memory, which has one connection', async () => {
    const database = new BetterSqlite3(':memory:')
    const db = new Kysely({ dialect: new SqliteDialect({ database }) })
    for (const storage of [sqliteStorage({ db }), sqliteStorage({ database })]) {
      await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toMatchObject({
        code: 'STORAGE_UNSUPPORTED',
        message: expect.stringContaining('use a file'),
      })
      await storage.close()
    }
    await db.destroy()
  })

  it.for([
    ['3.7.0', false],
    ['3.51.2', false],
    ['3.51.3', true],
    ['3.54.1', true],
    ['4.0.0', true],
    ['2.99.99', false],
  ] as const)('takes SQLite %s for safe with several connections: %s', ([version, safe]) => {
    expect(isSafeVersion(version)).toBe(safe)
  })

  it('gives a file a WAL that has none', async () => {
    await using test = emptyDatabase()
    const database = new BetterSqlite3(join(dirname(test.file), 'other.db'))
    database.exec(sqliteMigrationSql().replace('pragma journal_mode = wal;', ''))
    expect(database.pragma('journal_mode', { simple: true })).toBe('delete')
    const storage = sqliteStorage({ database })
    await storage.count()
    const fresh = new BetterSqlite3(database.name)
    expect(fresh.pragma('journal_mode', { simple: true })).toBe('wal')
    await storage.close()
    for (const each of [fresh, database]) each.close()
  })

  it('refuses whatever is wrong with the options, all at once', () => {
    const options = { retentionMs: -1, lockTimeoutMs: 0.5, writeGapMs: 9999, wakeupIntervalMs: 0, tablePrefix: 'a b' }
    expect(() => sqliteStorage({ database: new BetterSqlite3(':memory:'), ...options })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', problems: expect.toSatisfy((all) => all.length === 5) }),
    )
  })

  it('says what is missing where nothing is given', () => {
    for (const make of [sqliteStorage, sqliteInbox] as ((options: unknown) => unknown)[]) {
      for (const nothing of [undefined, null, {}, { db: null }]) {
        expect(() => make(nothing)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
      }
    }
  })
})
