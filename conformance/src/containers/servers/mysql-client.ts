import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** For MySQL and MariaDB. Names are ours (letters, digits, underscores), so that quoting is enough. */
export const mysqlClient: ServerClient = {
  version: (url) =>
    connected(url, async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>('select version() as version')
      return String(rows[0]?.['version']).split('-')[0] ?? 'unknown'
    }),
  createDatabase: (url, name) =>
    connected(url, async (connection) => {
      await connection.query(`create database \`${name}\``)
    }),
  dropDatabase: (url, name) =>
    connected(url, async (connection) => {
      await endSessions(connection, name)
      await connection.query(`drop database if exists \`${name}\``)
    }),
}

/** A session with an open transaction would hold the database until its end. */
async function endSessions(connection: Connection, database: string): Promise<void> {
  // MySQL's view of the same name fails while some session runs a statement with an emoji.
  const [rows] = await connection.query<RowDataPacket[]>('show processlist')
  const inDatabase = rows.filter((row) => row['db'] === database)
  // One that has ended by itself meanwhile is unknown to KILL.
  await Promise.allSettled(inDatabase.map((row) => connection.query(`kill ${Number(row['Id'])}`)))
}

async function connected<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: url, connectTimeout: connectTimeoutMs })
  // An error between two calls also fails the call that follows.
  connection.on('error', () => undefined)
  try {
    return await work(connection)
  } finally {
    connection.destroy()
  }
}
