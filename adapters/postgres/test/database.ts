import { randomUUID } from 'node:crypto'
import type { Database, Server } from '@waybill/conformance/containers'
import type { OutboxMessage } from '@waybill/core/contracts'
import { Kysely, PostgresDialect } from 'kysely'
import pg, { type Client, type Pool } from 'pg'
import { migratePostgres } from '../src/index.ts'

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

/** By the server's address. */
const ofThisProcess = new Map<string, Promise<Database>>()

/** One database for each process of tests: making one takes as long as many a test. */
function databaseOn(server: Server): Promise<Database> {
  const known = ofThisProcess.get(server.url) ?? server.createDatabase()
  ofThisProcess.set(server.url, known)
  return known
}

/** To be called when no test of this process needs its database any more. */
export async function dropDatabases(): Promise<void> {
  const databases = [...ofThisProcess.values()]
  ofThisProcess.clear()
  for (const database of databases) await (await database).drop()
}

export async function emptyDatabase(on: Server): Promise<TestDatabase> {
  const database = await databaseOn(on)
  const schema = `test_${randomUUID().slice(0, 8)}`
  const url = new URL(database.url)
  url.searchParams.set('options', `-c search_path=${schema}`)
  // A call must answer also while the server stands still.
  const limits = { connectionTimeoutMillis: 5000, query_timeout: 30_000 }
  const pool = new pg.Pool({ connectionString: url.href, max: 20, ...limits })
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
