import { Outbox } from '@waybill/core'
import { migratePostgres, postgresInbox, postgresStorage } from '@waybill/postgres'
import { Pool } from 'pg'
import { config } from './config.ts'
import { messages } from './messages.ts'

export const pool = new Pool({ connectionString: config.POSTGRES_URL, max: 20 })
// A connection that is lost while nobody uses it. Whoever uses one is told by its query.
pool.on('error', (error) => console.error('PostgreSQL:', error.message))

export const storage = postgresStorage({ pool })
export const outbox = new Outbox({ storage, messages })
export const inbox = postgresInbox({ pool })

// No constraint refuses a second payment: that there is one of each command is Waybill's doing.
const tables = `
  create table if not exists payments (id uuid primary key, account_id text not null, cents integer not null)`

/** Brings the tables to what this build needs. Every process calls it at its start; the first one does the work. */
export async function migrate(): Promise<void> {
  await migratePostgres({ pool })
  await storage.transaction(async (tx) => {
    // Two processes that create a table at once would fail, 'if not exists' or not.
    await tx.query(`select pg_advisory_xact_lock(hashtext('tables of the payments'))`)
    await tx.query(tables)
  })
}
