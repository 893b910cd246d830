import { randomUUID } from 'node:crypto'
import { type Database, type Server, sharedPostgres } from '@waybill/conformance/containers'
import type { OutboxMessage } from '@waybill/core/contracts'
import { Kysely, PostgresDialect } from 'kysely'
import pg, { type Client, type Pool } from 'pg'
import { afterAll } from 'vitest'
import { migratePostgres } from '../src/index.ts'

/** The server that all test files of a run share, or why there is none. */
export const server: Awaited<ReturnType<typeof sharedPostgres>> = await sharedPostgres()

/** A schema of a test's own, and connections that look there for their tables. */
export interface TestDatabase extends AsyncDisposable {
  readonly schema: string
  readonly url: string
  /** Closed at the end. */
  readonly pool: Pool
  readonly db: Kysely<Record<string, Record<string, unknown>>>
  /** A connection of its own, closed at the end. */
  connect(): Promise<Client>
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

let ofThisFile: Promise<Database> | undefined

/** One database for each file of tests: making one takes as long as many a test. */
async function databaseOfThisFile(on: Server): Promise<Database> {
  ofThisFile ??= on.createDatabase()
  const database = await ofThisFile
  return database
}

afterAll(async () => {
  const database = await ofThisFile
  await database?.drop()
})

export async function emptyDatabase(on: Server): Promise<TestDatabase> {
  const database = await databaseOfThisFile(on)
  const schema = `test_${randomUUID().slice(0, 8)}`
  const url = new URL(database.url)
  url.searchParams.set('options', `-c search_path=${schema}`)
  const pool = new pg.Pool({ connectionString: url.href, max: 20 })
  pool.on('error', () => undefined)
  // Kysely does not listen to the clients that it has taken.
  pool.on('connect', (client) => client.on('error', () => undefined))
  await pool.query(`create schema ${schema}`)
  const clients: Client[] = []
  return {
    schema,
    url: url.href,
    pool,
    db: new Kysely({ dialect: new PostgresDialect({ pool }) }),
    async connect() {
      const client = new pg.Client({ connectionString: url.href })
      client.on('error', () => undefined)
      clients.push(client)
      await client.connect()
      return client
    },
    query: async (text, values = []) => (await pool.query(text, [...values])).rows,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end()
      await pool.query(`drop schema ${schema} cascade`)
      await pool.end()
    },
  }
}

export async function migratedDatabase(on: Server): Promise<TestDatabase> {
  const test = await emptyDatabase(on)
  await migratePostgres(test)
  return test
}

/** A message with all that must be there. */
export function message(fields: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id: randomUUID(),
    topic: 'orders',
    type: 'order.placed',
    payload: new TextEncoder().encode('{"total":1}'),
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 1_700_000_000_000,
    ...fields,
  }
}
