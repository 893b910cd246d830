import { migratePostgres } from '@waybill/postgres'
import { Pool, type PoolClient } from 'pg'
import { config } from './config.ts'

export const pool = new Pool({ connectionString: config.POSTGRES_URL, max: 20 })
// A connection that is lost while nobody uses it. Whoever uses one is told by its query.
pool.on('error', (error) => console.error('PostgreSQL:', error.message))

const tables = `
  create table if not exists customers (id text primary key, orders integer not null);
  create table if not exists orders (
    id uuid primary key, customer_id text not null references customers, number integer not null,
    total_cents integer not null, status text not null, unique (customer_id, number)
  );
  create table if not exists invoices (
    number bigint generated always as identity primary key, order_id uuid not null, customer_id text not null,
    total_cents integer not null, status text not null
  );`

/** Brings the tables to what this build needs. Every process calls it at its start; the first one does the work. */
export async function migrate(): Promise<void> {
  await migratePostgres({ pool })
  await inTransaction(async (tx) => {
    // Two processes that create a table at once would fail, 'if not exists' or not.
    await tx.query(`select pg_advisory_xact_lock(hashtext('shop tables'))`)
    await tx.query(tables)
  })
}

export async function inTransaction<T>(work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect()
  let broken = false
  try {
    await tx.query('begin')
    const result = await work(tx)
    await tx.query('commit')
    return result
  } catch (error) {
    // A connection that cannot even roll back is not given back to the pool.
    await tx.query('rollback').catch(() => {
      broken = true
    })
    throw error
  } finally {
    tx.release(broken)
  }
}
