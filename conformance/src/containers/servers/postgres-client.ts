import type { Client } from 'pg'
import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** Names are ours (letters, digits, underscores), so that quoting is enough. */
export const postgresClient: ServerClient = {
  version: (url) =>
    connected(url, async (client) => {
      const { rows } = await client.query<{ server_version: string }>('show server_version')
      return rows[0]?.server_version.split(' ')[0] ?? 'unknown'
    }),
  createDatabase: (url, name) =>
    connected(url, async (client) => {
      await client.query(`create database "${name}"`)
    }),
  dropDatabase: (url, name) =>
    connected(url, async (client) => {
      await client.query(`drop database if exists "${name}" with (force)`)
    }),
}

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  // An error between two calls also fails the call that follows.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
