import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineMessages, jsonSerializer, type Message } from '@waybill/core'
import { migrateSqlite } from '@waybill/sqlite'
import SQLite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

export interface Tables {
  orders: { id: string; customer: string; total: number; state: string }
  invoices: { order_id: string; total: number }
  jobs: { id: string; state: string }
}

const tables = `
  create table orders (id text primary key, customer text not null, total integer not null, state text not null);
  create table invoices (order_id text not null, total integer not null);
  create table jobs (id text primary key, state text not null)`

export const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (order) => order.id,
    schema: z.object({ id: z.string(), total: z.number() }),
  },
  'order.paid': { topic: 'orders', key: (order) => order.id, schema: z.object({ id: z.string() }) },
  'job.submitted': { topic: 'jobs', schema: z.object({ id: z.string() }) },
})

/** A database of its own for each test, with the tables of the application and of Waybill. */
export async function openShop(): Promise<Kysely<Tables>> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-docs-'))
  const database = new SQLite(join(folder, 'shop.db'))
  database.exec(tables)
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  onTestFinished(async () => {
    await db.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
  await migrateSqlite(db)
  return db
}

/** A message as a broker hands it over. */
export function placed(id: string, total: number, more: Partial<Message> = {}): Message {
  return {
    id: `${id}-placed`,
    topic: 'orders',
    type: 'order.placed',
    payload: jsonSerializer.serialize({ id, total }),
    contentType: jsonSerializer.contentType,
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
    orderingKey: id,
    ...more,
  }
}
