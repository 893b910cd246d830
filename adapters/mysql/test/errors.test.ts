import { inspect } from 'node:util'
import type { Connection } from 'mysql2/promise'
import { createConnection } from 'mysql2/promise'
import { expect, it } from 'vitest'
import { classifyMysqlError } from '../src/errors.ts'
import { migratedDatabase, plainInsert, type TestDatabase } from './database.ts'
import { onEachServer } from './servers.ts'

interface Failure {
  /** Rejects with what the driver throws. */
  readonly fail: (test: TestDatabase) => Promise<unknown>
  readonly code: string
  readonly retryable: boolean
}

const insert = `insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 'order.placed', '{}')`

function atUrl(test: TestDatabase, change: (url: URL) => void): Promise<Connection> {
  const url = new URL(test.url)
  change(url)
  return createConnection({ uri: url.href, connectTimeout: 2000 })
}

/** A connection of an account that may only read. */
async function reader(test: TestDatabase): Promise<Connection> {
  const { user, password } = await test.account('select')
  return atUrl(test, (url) => Object.assign(url, { username: user, password }))
}

async function deadlock(test: TestDatabase): Promise<unknown> {
  await plainInsert(test.admin, 'a')
  await plainInsert(test.admin, 'b')
  const [first, second] = [await test.connect(), await test.connect()]
  const update = (connection: Connection, id: string) =>
    connection.query('update waybill_messages set crashes = crashes + 1 where id = ?', [id])
  for (const connection of [first, second]) await connection.query('begin')
  await update(first, 'a')
  await update(second, 'b')
  return Promise.all([update(first, 'b'), update(second, 'a')])
}

async function killed(test: TestDatabase, kill: string, statement: string): Promise<unknown> {
  const victim = await test.connect()
  const statementEnds = victim.query(statement)
  const [ended] = await Promise.allSettled([statementEnds, untilRunning(test, victim, kill)])
  if (ended.status === 'rejected') throw ended.reason
  return victim.query('do 0')
}

/** Kills once the server has begun the statement. */
async function untilRunning(test: TestDatabase, victim: Connection, kill: string): Promise<void> {
  for (const deadline = Date.now() + 5000; Date.now() < deadline; ) {
    const running = (await test.others()).find(({ id }) => id === victim.threadId)
    if (running?.statement.includes('sleep')) break
  }
  await test.admin.query(`${kill} ${victim.threadId}`)
}

const failures: Readonly<Record<string, Failure>> = {
  'a port where nobody listens': {
    fail: (test) => atUrl(test, (url) => (url.port = '1')),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a host that does not exist': {
    fail: (test) => atUrl(test, (url) => (url.hostname = 'waybill.invalid')),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a wrong password': {
    fail: (test) => atUrl(test, (url) => Object.assign(url, { username: 'nobody', password: 'guessed' })),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a database that does not exist': {
    fail: (test) => atUrl(test, (url) => (url.pathname = '/waybill_none')),
    code: 'STORAGE_MISSING',
    retryable: false,
  },
  'a connection without a database': {
    fail: async (test) => (await atUrl(test, (url) => (url.pathname = '/'))).query(insert),
    code: 'STORAGE_MISSING',
    retryable: false,
  },
  'tables that are missing': {
    fail: (test) => test.admin.query(insert.replace('waybill_', 'another_')),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'a column that is missing': {
    fail: (test) => test.admin.query('select nothing from waybill_messages'),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'a row that another transaction has locked': {
    async fail(test) {
      await plainInsert(test.admin, 'a')
      await test.admin.query('begin')
      await test.admin.query('update waybill_messages set crashes = 1')
      const second = await test.connect()
      await second.query('set session innodb_lock_wait_timeout = 1')
      await second.query('update waybill_messages set crashes = 2')
    },
    code: 'STORAGE_LOCKED',
    retryable: true,
  },
  'two transactions that wait for each other': { fail: deadlock, code: 'STORAGE_CONFLICT', retryable: true },
  'a transaction that may only read': {
    async fail(test) {
      await test.admin.query('start transaction read only')
      await test.admin.query(insert)
    },
    code: 'STORAGE_READ_ONLY',
    retryable: true,
  },
  'an account that may only read': {
    fail: async (test) => (await reader(test)).query(insert),
    code: 'STORAGE_READ_ONLY',
    retryable: true,
  },
  'a connection that an administrator ends': {
    fail: (test) => killed(test, 'kill', 'select sleep(30)'),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a connection that the server ends for its idleness': {
    async fail(test) {
      const idle = await test.connect()
      await idle.query('set session wait_timeout = 1')
      const ended = new Promise((_, reject) => idle.on('error', reject))
      return ended
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a connection that has been closed': {
    async fail(test) {
      const connection = await test.connect()
      connection.destroy()
      await connection.query('do 0')
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a pool that has been closed': {
    async fail(test) {
      const pool = test.pool()
      await pool.end()
      await pool.query('do 0')
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a statement that does not answer in time': {
    fail: (test) => test.admin.query({ sql: 'select sleep(2)', timeout: 50 }),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'an id that is there': {
    async fail(test) {
      await test.admin.query(insert)
      await test.admin.query(insert)
    },
    code: 'DUPLICATE_MESSAGE',
    retryable: false,
  },
  'a check that is not met': {
    fail: (test) => test.admin.query(insert.replace("'orders'", "''")),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'text that is too long': {
    fail: (test) => test.admin.query(insert.replace("'orders'", `'${'o'.repeat(256)}'`)),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'text that its character set does not have': {
    fail: (test) => test.admin.query(insert.replace("'orders'", "x'ff'")),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'a null': {
    fail: (test) => test.admin.query(insert.replace("'orders'", 'null')),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'whatever else': {
    fail: (test) => test.admin.query('select 1 from'),
    code: 'STORAGE_UNKNOWN',
    retryable: true,
  },
}

await onEachServer((server) => {
  it.for(Object.entries(failures))('names %s', async ([, { fail, code, retryable }]) => {
    await using test = await migratedDatabase(server)
    const thrown = await fail(test).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(thrown).toBeInstanceOf(Error)
    const named = classifyMysqlError(thrown)
    expect(named).toMatchObject({ code, retryable, cause: thrown })
    expect((named as Error).message).not.toMatch(/guessed|secret|insert into/)
  })
})

it('passes on what is not the driver’s', () => {
  for (const error of [new TypeError('a defect'), 'a text', undefined]) expect(classifyMysqlError(error)).toBe(error)
  expect(inspect(classifyMysqlError(new RangeError('x')))).toContain('RangeError')
})
