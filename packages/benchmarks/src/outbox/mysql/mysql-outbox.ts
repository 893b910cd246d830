import type { Server } from '@waybill/conformance/containers'
import { migrateMysql, mysqlStorage } from '@waybill/mysql'
import { type Connection, createConnection, createPool, type RowDataPacket } from 'mysql2/promise'
import type { OpenStorage, OutboxDatabase } from '../outbox-database.ts'
import { bareLoop, skipLockedLoop } from './loops.ts'
import { addRows, createNumbers } from './rows.ts'
import { openShops } from './shops.ts'

const tables = ['messages', 'holds', 'suspects', 'relays'].map((name) => `waybill_${name}`)
const orders = `create table orders (
  id bigint auto_increment primary key, customer varchar(255) not null, total bigint not null)`
const insertMessage = `insert into waybill_messages (id, topic, type, payload) values (?, 'orders', 'order.placed', '{}')`

/** Of MySQL or MariaDB. */
export async function mysqlOutbox(server: Server): Promise<OutboxDatabase> {
  const { url, name, drop } = await server.createDatabase()
  const pool = createPool({ uri: url })
  await migrateMysql({ pool })
  const connection = await createConnection({ uri: url })
  // Only rows that are written in advance are kept out of the log for replicas.
  if (server.name === 'MySQL') await connection.query('set session sql_log_bin = 0')
  for (const statement of [orders, ...createNumbers]) await connection.query(statement)
  let rowsSoFar = 0
  const ask = async (sql: string, values: readonly unknown[] = []) =>
    (await connection.query<RowDataPacket[]>(sql, [...values]))[0]
  return {
    url,
    empty: () => emptyTables(connection),
    async add(rows) {
      await addRows(connection, rows, rowsSoFar)
      rowsSoFar += rows.count
    },
    async removeOldest(count) {
      await connection.query('delete from waybill_messages order by position limit ?', [count])
    },
    async hasPending() {
      const waiting = `select 1 from waybill_messages force index (waybill_messages_status) where status = 'PENDING' limit 1`
      return (await ask(waiting)).length > 0
    },
    async analyze() {
      await connection.query('analyze table waybill_messages')
    },
    async freezeStatistics() {
      await connection.query('alter table waybill_messages stats_auto_recalc = 0')
      await connection.query('analyze table waybill_messages')
    },
    ...disturbances(url),
    openStorage: ({ keeps }) => openMysql(url, keeps),
    bareLoop: (options) => bareLoop(url, options),
    skipLockedLoop: (options) => skipLockedLoop(url, options),
    openShops: (options) => openShops(pool, url, options),
    async statements() {
      const [row] = await ask(countStatements, [name])
      return { count: Number(row?.['count'] ?? 0), unit: 'statements/s' }
    },
    indexChanges,
    change: (statement) => connection.query(statement),
    async [Symbol.asyncDispose]() {
      await connection.end()
      await pool.end()
      await drop()
    },
  }
}

type Disturbances = Pick<OutboxDatabase, 'holdSnapshot' | 'openWriter'>

function disturbances(url: string): Disturbances {
  return {
    holdSnapshot: () =>
      openTransaction(url, 'start transaction with consistent snapshot', 'select count(*) from orders'),
    openWriter: () => openTransaction(url, 'begin', insertMessage, [crypto.randomUUID()]),
  }
}

/** A table that is truncated draws its positions from the first on. */
async function emptyTables(connection: Connection): Promise<void> {
  for (const table of [...tables, 'orders']) await connection.query(`truncate table ${table}`)
  await connection.query('update waybill_lanes set owner = null')
}

const indexChanges: OutboxDatabase['indexChanges'] = {
  'without the index by id': 'drop index id on waybill_messages',
  'with an index by aggregate': 'create index aggregate on waybill_messages (aggregate_id, aggregate_type)',
}

const countStatements = `
  select sum(count_star) as count from performance_schema.events_statements_summary_by_digest where schema_name = ?`

/** Waybill's storage at a URL, also for other processes. */
export function openMysql(url: string, keeps: boolean): OpenStorage {
  const pool = createPool({ uri: url })
  const storage = mysqlStorage({ pool, ...(keeps ? {} : { retentionMs: 0 }) })
  return {
    storage,
    async [Symbol.asyncDispose]() {
      await storage.close()
      await pool.end()
    },
  }
}

async function openTransaction(
  url: string,
  begin: string,
  first: string,
  values: unknown[] = [],
): Promise<AsyncDisposable> {
  const connection = await createConnection({ uri: url })
  await connection.query(begin)
  await connection.query(first, values)
  return {
    async [Symbol.asyncDispose]() {
      await connection.query('rollback')
      await connection.end()
    },
  }
}
