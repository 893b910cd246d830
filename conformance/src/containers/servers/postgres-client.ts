import type { QueryResultRow } from 'pg'
import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** Names are ours (letters, digits, underscores), so that quoting is enough. */
export const postgresClient: ServerClient = {
  version: async (url) => {
    const [row] = await queryPostgres<{ server_version: string }>(url, 'show server_version')
    return row?.server_version.split(' ')[0] ?? 'unknown'
  },
  createDatabase: async (url, name) => {
    await queryPostgres(url, `create database "${name}"`)
  },
  dropDatabase: async (url, name) => {
    // Sessions that are just being closed by their clients are left to end by themselves: the server waits for them
    // for five seconds (CountOtherDBBackends). Ended by force, they tell a pool that has ended, which throws.
    const drop = `drop database if exists "${name}"`
    await queryPostgres(url, drop).catch((error: unknown) => {
      if (!inUse(error)) throw error
      return queryPostgres(url, `${drop} with (force)`)
    })
  },
}

const inUse = (error: unknown) => error instanceof Error && 'code' in error && error.code === '55006'

/** Runs one statement on a connection of its own. */
export async function queryPostgres<Row extends QueryResultRow>(url: string, sql: string): Promise<readonly Row[]> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  // An error between two calls also fails the call that follows.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
