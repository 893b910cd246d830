import type { Server } from '@waybill/conformance/containers'
import type { OutboxMessage } from '@waybill/core/contracts'
import { Kysely, MysqlDialect } from 'kysely'
import { createPool } from 'mysql2'
import { type Connection, createConnection, type Pool, type PoolOptions, type RowDataPacket } from 'mysql2/promise'
import { migrateMysql } from '../src/index.ts'

let count = 0

type AnyTables = Record<string, Record<string, unknown>>

/** A database of its own, and connections to it, all closed at the end. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  readonly name: string
  /** As an administrator of the server. */
  readonly admin: Connection
  /** @param setting - What each of its sessions has, for example `sql_mode = ''`. */
  pool(options?: PoolOptions, setting?: string): Pool
  kysely(options?: PoolOptions, setting?: string): Kysely<AnyTables>
  connect(): Promise<Connection>
  /** An account with these privileges on the database and no others, removed at the end. */
  account(privileges: string): Promise<{ readonly user: string; readonly password: string }>
  /** Other connections to the database, with what they are at. */
  others(): Promise<readonly { readonly id: number; readonly statement: string }[]>
  /** Ends a connection, unless it has ended by itself. */
  kill(id: number): Promise<void>
  /** Rows of a query. */
  rows(sql: string, values?: readonly unknown[]): Promise<readonly RowDataPacket[]>
}

export async function emptyDatabase(server: Server): Promise<TestDatabase> {
  const database = await server.createDatabase()
  const { url, name } = database
  const closers: (() => Promise<unknown>)[] = []
  const connect = async () => {
    const connection = await createConnection(url)
    connection.on('error', () => undefined)
    closers.push(async () => connection.destroy())
    return connection
  }
  const admin = await connect()
  // MariaDB's view of the locks is empty until its instrument is on.
  const instrument = "set enabled = 'YES' where name = 'wait/lock/metadata/sql/mdl'"
  await admin.query(`update performance_schema.setup_instruments ${instrument}`)
  const corePool = (options: PoolOptions = {}, setting?: string) => {
    const pool = createPool({ uri: url, ...options })
    if (setting !== undefined) pool.on('connection', (connection) => connection.query(`set session ${setting}`))
    closers.push(() => pool.promise().end())
    return pool
  }
  return {
    url,
    name,
    admin,
    connect,
    pool: (...how) => corePool(...how).promise(),
    kysely: (...how) => new Kysely<AnyTables>({ dialect: new MysqlDialect({ pool: corePool(...how) }) }),
    async account(privileges) {
      const account = { user: `waybill_${++count}_${name}`.slice(0, 32), password: 'secret' }
      await admin.query(`create user '${account.user}'@'%' identified by '${account.password}'`)
      await admin.query(`grant ${privileges} on \`${name}\`.* to '${account.user}'@'%'`)
      closers.unshift(() => admin.query(`drop user '${account.user}'@'%'`))
      return account
    },
    // The view of the same name fails while somebody runs a statement with an emoji.
    async others() {
      const [rows] = await admin.query<RowDataPacket[]>('show full processlist')
      return rows
        .filter((row) => row['db'] === name && row['Id'] !== admin.threadId)
        .map((row) => ({ id: row['Id'], statement: row['Info'] ?? '' }))
    },
    async kill(id) {
      await admin.query(`kill ${id}`).catch(() => undefined)
    },
    async rows(sql, values = []) {
      const [rows] = await admin.query<RowDataPacket[]>(sql, [...values])
      return rows
    },
    async [Symbol.asyncDispose]() {
      for (const close of closers) await close().catch(() => undefined)
      await database.drop()
    },
  }
}

export async function migratedDatabase(server: Server): Promise<TestDatabase> {
  const test = await emptyDatabase(server)
  await migrateMysql({ db: test.kysely() })
  return test
}

export function message(fields: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id: `message-${++count}`,
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

/** What another program does: a plain INSERT. */
export async function plainInsert(connection: Connection, id: string): Promise<void> {
  const sql = `insert into waybill_messages (id, topic, type, payload) values (?, 'orders', 'order.placed', '{}')`
  await connection.query(sql, [id])
}
