import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { type OwnServer, onServer, startMariadb, startMysql, startPostgres } from '../../src/containers/index.ts'

/** Runs statements on a connection of their own, and answers the rows of the last one. */
type Query = (url: string, ...statements: string[]) => Promise<readonly unknown[]>

const byPg: Query = async (url, ...statements) => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 500 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    let rows: readonly unknown[] = []
    for (const sql of statements) rows = (await client.query(sql)).rows
    return rows
  } finally {
    await client.end()
  }
}

const byMysql: Query = async (url, ...statements) => {
  const connection = await createConnection({ uri: url, connectTimeout: 500 })
  connection.on('error', () => undefined)
  try {
    let rows: readonly unknown[] = []
    for (const sql of statements) [rows] = await connection.query<RowDataPacket[]>(sql)
    return rows
  } finally {
    connection.destroy()
  }
}

const servers = await Promise.all([startPostgres(), startMysql(), startMariadb()])
const cases = servers.map((server, index) => [server, index === 0 ? byPg : byMysql] as const)

describe.each(cases)('a server of our own: $name', (server, query) => {
  onServer(server, { it }, (own: OwnServer) => {
    afterAll(() => own.stop())

    it('comes back after a kill under the same URL, with what was committed', async () => {
      await query(own.url, 'create table kept (id int primary key)', 'insert into kept values (1)')
      await own.kill()
      await expect(query(own.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)
      await own.restart()
      expect(await query(own.url, 'select id from kept')).toEqual([{ id: 1 }])
    })

    it('restarts while it runs', async () => {
      await query(own.url, 'create table restarted (id int primary key)')
      await own.restart()
      expect(await query(own.url, 'select id from restarted')).toEqual([])
    })

    it('answers nothing while it is paused, and goes on afterwards', async () => {
      await own.pause()
      await expect(query(own.url, 'select 1')).rejects.toThrow(/timeout|ETIMEDOUT/)
      await own.unpause()
      expect(await query(own.url, 'select 1 as one')).toEqual([{ one: 1 }])
    })

    it('runs programs inside the container', async () => {
      expect(await own.exec(['sh', '-c', 'echo inside; exit 3'])).toEqual({ exitCode: 3, output: 'inside\n' })
    })

    it('has databases that are empty, and drops them with whoever is connected', async () => {
      const database = await own.createDatabase()
      await query(database.url, 'create table only_here (id int primary key)')
      const other = await own.createDatabase()
      await expect(query(other.url, 'select * from only_here')).rejects.toThrow(/only_here/)
      await database.drop()
      await other.drop()
      await expect(query(database.url, 'select 1')).rejects.toThrow(database.name)
    })

    it('stops twice', async () => {
      await own.stop()
      await own.stop()
      await expect(query(own.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)
    })
  })
})
