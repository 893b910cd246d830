import { onServer } from '@waybill/conformance/containers'
import { StorageError } from '@waybill/core/contracts'
import pg, { type Client } from 'pg'
import { expect, it } from 'vitest'
import { classifyPostgresError } from '../src/errors.ts'
import { postgresStorage } from '../src/index.ts'
import { emptyDatabase, message, migratedDatabase, server, type TestDatabase } from './server.ts'

const insert = `insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 'order.placed', '{}')`

interface Failure {
  readonly code: string
  readonly retryable: boolean
  /** Provokes a real error of a real server. */
  fail(test: TestDatabase): Promise<unknown>
}

async function begun(test: TestDatabase, isolation = 'read committed'): Promise<Client> {
  const client = await test.connect()
  await client.query(`begin isolation level ${isolation}`)
  return client
}

/** Connects to the test's server otherwise than the test does. */
function connectTo(test: TestDatabase, change: (url: URL) => void): Promise<unknown> {
  const url = new URL(test.url)
  change(url)
  return new pg.Client({ connectionString: url.href }).connect()
}

const failures: Readonly<Record<string, Failure>> = {
  'a port where nobody listens': {
    fail: (test) => connectTo(test, (url) => Object.assign(url, { port: '1' })),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a host that does not exist': {
    fail: (test) => connectTo(test, (url) => Object.assign(url, { hostname: 'nowhere.invalid' })),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a database that does not exist': {
    fail: (test) => connectTo(test, (url) => Object.assign(url, { pathname: '/nowhere' })),
    code: 'STORAGE_MISSING',
    retryable: false,
  },
  'a role that does not exist': {
    fail: (test) => connectTo(test, (url) => Object.assign(url, { username: 'nobody' })),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a connection that is cut': {
    async fail(test) {
      const client = await test.connect()
      await client.query('select pg_terminate_backend(pg_backend_pid())')
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a connection that has been closed': {
    async fail(test) {
      const client = await test.connect()
      await client.end()
      await client.query('select 1')
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a pool that has ended': {
    async fail(test) {
      const pool = new pg.Pool({ connectionString: test.url })
      await pool.end()
      await pool.query('select 1')
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'an answer that does not come': {
    fail: (test) => test.pool.query({ text: 'select pg_sleep(10)', query_timeout: 20 } as never),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a statement that takes too long for the server': {
    fail: (test) => test.query(`set statement_timeout = 20; select pg_sleep(10)`),
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'a lock that somebody holds': {
    async fail(test) {
      await test.query(insert)
      await (await begun(test)).query('select * from waybill_messages for update')
      await test.query('set lock_timeout = 20; delete from waybill_messages')
    },
    code: 'STORAGE_LOCKED',
    retryable: true,
  },
  'two who wait for each other': {
    async fail(test) {
      await test.query(`${insert}; ${insert.replace("'a'", "'b'")}`)
      const [first, second] = [await begun(test), await begun(test)]
      const lock = (client: Client, id: string) =>
        client.query('select * from waybill_messages where id = $1 for update', [id])
      await lock(first, 'a')
      await lock(second, 'b')
      await Promise.all([lock(first, 'b'), lock(second, 'a')])
    },
    code: 'STORAGE_CONFLICT',
    retryable: true,
  },
  'a row that has changed since the transaction began': {
    async fail(test) {
      await test.query(insert)
      const client = await begun(test, 'repeatable read')
      await client.query('select * from waybill_messages')
      await test.query(`update waybill_messages set attempts = 1`)
      await client.query(`update waybill_messages set attempts = 2`)
    },
    code: 'STORAGE_CONFLICT',
    retryable: true,
  },
  'a transaction that has failed already': {
    async fail(test) {
      const client = await begun(test)
      await client.query('select 1 / 0').catch(() => undefined)
      await client.query(insert)
    },
    code: 'TRANSACTION_REQUIRED',
    retryable: false,
  },
  'a lock outside a transaction': {
    fail: (test) => test.query('lock table waybill_messages in row exclusive mode'),
    code: 'TRANSACTION_REQUIRED',
    retryable: false,
  },
  'a transaction that may not write': {
    async fail(test) {
      const client = await test.connect()
      await client.query('begin read only')
      await client.query(insert)
    },
    code: 'STORAGE_READ_ONLY',
    retryable: true,
  },
  'a privilege that is missing': {
    async fail(test) {
      const client = await begun(test)
      await client.query(`create role ${test.schema}; grant usage on schema ${test.schema} to ${test.schema}`)
      await client.query(`set local role ${test.schema}`)
      await client.query(insert)
    },
    code: 'STORAGE_READ_ONLY',
    retryable: true,
  },
  'tables that are missing': {
    fail: (test) => test.query(insert.replace('waybill_', 'another_')),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'a column that is missing': {
    fail: (test) => test.query(insert.replace('(id,', '(colour, id,').replace("('a',", "(1, 'a',")),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'a function that is missing': {
    fail: (test) => test.query(`select another_enqueue('orders', 'order.placed', '{}')`),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'a schema that is missing': {
    fail: (test) => test.query('create table nowhere.messages ()'),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'an id that is known': {
    fail: (test) => test.query(`${insert}; ${insert}`),
    code: 'DUPLICATE_MESSAGE',
    retryable: false,
  },
  'a row that breaks a rule of the table': {
    fail: (test) => test.query(insert.replace("'orders'", "''")),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'a name that is too long': {
    fail: (test) => test.query(insert.replace("'orders'", `'${'o'.repeat(256)}'`)),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'a column that must not be empty': {
    fail: (test) => test.query(insert.replace("'orders'", 'null')),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'headers that are no JSON': {
    fail: (test) => test.query(insert.replace('(id,', '(headers, id,').replace("('a',", "('{', 'a',")),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'what no rule knows': {
    fail: (test) => test.query('selekt 1'),
    code: 'STORAGE_UNKNOWN',
    retryable: true,
  },
}

onServer(server, { it }, (postgres) => {
  it.for(Object.entries(failures))('%s has a code of its own', async ([, { fail, code, retryable }]) => {
    await using test = await migratedDatabase(postgres)
    const thrown: unknown = await fail(test).catch((error: unknown) => error)
    const named = classifyPostgresError(thrown)
    expect(named).toMatchObject({ code, retryable })
    if (named instanceof StorageError) expect(named.cause).toBe(thrown)
  })

  it('shows no row and no password', async () => {
    await using test = await migratedDatabase(postgres)
    const secret = 'hunter2'
    const body = `{"card":"4111111111111111"}`
    const refused = await test
      .query(insert.replace("'orders'", "''").replace("'{}'", `'${body}'`))
      .catch((error) => error)
    const url = new URL(test.url)
    url.password = secret
    url.port = '1'
    const unreachable = await new pg.Client({ connectionString: url.href }).connect().catch((error) => error)
    for (const error of [refused, unreachable]) {
      const { message: text } = classifyPostgresError(error) as Error
      expect(text).not.toContain('4111')
      expect(text).not.toContain(secret)
    }
  })

  it('says how to mend a schema that is missing', async () => {
    await using test = await emptyDatabase(postgres)
    const storage = postgresStorage({ pool: test.pool })
    await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toThrow(/migratePostgres\(\)/)
    const insertion = storage.transaction((tx) => storage.insert(tx, [message()]))
    await expect(insertion).rejects.toMatchObject({ code: 'SCHEMA_STALE' })
    await storage.close()
  })
})

it('leaves errors alone that are not of the driver', () => {
  const error = new RangeError('no')
  expect(classifyPostgresError(error)).toBe(error)
  expect(classifyPostgresError('text')).toBe('text')
})
