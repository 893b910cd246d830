import type { Server } from '@waybill/conformance/containers'
import { migratePostgres, postgresStorage } from '@waybill/postgres'
import pg, { type Pool } from 'pg'
import type { OpenStorage, OutboxDatabase } from '../outbox-database.ts'
import { bareLoop, skipLockedLoop } from './loops.ts'
import { addRows } from './rows.ts'
import { scansOf, statementsOf } from './server-counts.ts'
import { openShops } from './shops.ts'

const tables = ['messages', 'holds', 'suspects', 'relays'].map((name) => `waybill_${name}`)
const orders = `create table orders (
  id bigint generated always as identity primary key, customer text not null, total bigint not null)`
const oldest = 'select position from waybill_messages order by position limit $1'
const insertMessage = `insert into waybill_messages (id, topic, type, payload) values ($1, 'orders', 'order.placed', '{}')`

const indexChanges: OutboxDatabase['indexChanges'] = {
  'without the index by id': 'alter table waybill_messages drop constraint waybill_messages_id_key',
  'without the index by aggregate': 'drop index waybill_messages_aggregate',
}

export async function postgresOutbox(server: Server): Promise<OutboxDatabase> {
  const { url, name, drop } = await server.createDatabase()
  const pool = openPool(url)
  await migratePostgres({ pool })
  await pool.query(orders)
  await pool.query('update waybill_lanes set owner = null')
  let rowsSoFar = 0
  return {
    url,
    async empty() {
      await pool.query(`truncate ${tables.join()}, orders`)
      await pool.query('update waybill_lanes set owner = null')
    },
    async add(rows) {
      await addRows(pool, rows, rowsSoFar)
      rowsSoFar += rows.count
    },
    async removeOldest(count) {
      await pool.query(`delete from waybill_messages where position in (${oldest})`, [count])
    },
    async hasPending() {
      const waiting = `select 1 from waybill_messages where status = 'PENDING' and available_at is null limit 1`
      return (await pool.query(waiting)).rows.length > 0
    },
    async analyze() {
      await pool.query('analyze waybill_messages')
    },
    async freezeStatistics() {
      await pool.query('alter table waybill_messages set (autovacuum_enabled = off)')
      await pool.query('analyze waybill_messages')
    },
    holdSnapshot: () => openTransaction(url, 'begin isolation level repeatable read', 'select count(*) from orders'),
    openWriter: () => openTransaction(url, 'begin', insertMessage, [crypto.randomUUID()]),
    openStorage: ({ keeps, wakeups = false }) => openPostgres(url, keeps, wakeups),
    bareLoop: (options) => bareLoop(url, options),
    skipLockedLoop: (options) => skipLockedLoop(url, options),
    openShops: (options) => openShops(pool, options),
    statements: () => statementsOf(server.url, name),
    scans: () => scansOf(pool),
    indexChanges,
    change: (statement) => pool.query(statement),
    async [Symbol.asyncDispose]() {
      await pool.end()
      await drop()
    },
  }
}

/** Waybill's storage at a URL, also for other processes. */
export function openPostgres(url: string, keeps: boolean, wakeups: boolean): OpenStorage {
  const pool = openPool(url)
  const storage = postgresStorage({ pool, wakeups, ...(keeps ? {} : { retentionMs: 0 }) })
  return {
    storage,
    async [Symbol.asyncDispose]() {
      await storage.close()
      await pool.end()
    },
  }
}

function openPool(url: string): Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  // The database is removed at the end, with whoever is connected still.
  pool.on('error', () => undefined)
  return pool
}

async function openTransaction(
  url: string,
  begin: string,
  first: string,
  values: unknown[] = [],
): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(begin)
  await client.query(first, values)
  return {
    async [Symbol.asyncDispose]() {
      await client.query('rollback')
      await client.end()
    },
  }
}
