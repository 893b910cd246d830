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
    await queryPostgres(url, `drop database if exists "${name}" with (force)`)
  },
}

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
