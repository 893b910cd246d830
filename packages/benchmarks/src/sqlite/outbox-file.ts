import { closeSync, copyFileSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { sqliteMigrationSql } from '@waybill/sqlite'
import BetterSqlite3, { type Database } from 'better-sqlite3'

/** Bytes of every payload: what a small event with a handful of fields takes. */
export const payloadBytes = 350

export interface OutboxContents {
  /** Rows that wait. */
  readonly pending: number
  /** Older rows that have been published and are kept. */
  readonly kept?: number
  /** @default 10,000 */
  readonly keys?: number
}

/** A connection with the settings that a producer should have. */
export function connect(file: string): Database {
  const database = new BetterSqlite3(file)
  database.pragma('journal_mode = wal')
  database.pragma('synchronous = full')
  return database
}

/** Makes a database with Waybill's tables, a table of the business, and messages. */
export function createOutboxFile(file: string, contents: OutboxContents): void {
  const database = connect(file)
  try {
    database.pragma('synchronous = off')
    database.exec(sqliteMigrationSql())
    database.exec('create table orders (id integer primary key, customer text not null, total integer not null) strict')
    seed(database, contents)
    database.pragma('wal_checkpoint(truncate)')
  } finally {
    database.close()
  }
}

/** A copy of a database that nobody has open. */
export function copyOutboxFile(from: string, to: string): string {
  copyFileSync(from, to)
  flush(to)
  return to
}

export function removeOutboxFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  flush(dirname(file))
}

/** What the disk has still to do would be done in the time that is measured, and commits would wait for it. */
function flush(path: string): void {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

const rowsPerTransaction = 50_000

function seed(database: Database, { pending, kept = 0, keys = 10_000 }: OutboxContents): void {
  const insert = database.prepare(insertRows)
  const end = kept + pending
  for (let first = 1; first <= end; first += rowsPerTransaction) {
    insert.run({ first, last: Math.min(end, first + rowsPerTransaction - 1), kept, keys, payloadBytes })
  }
}

/** Ids ascend as UUIDv7 does. */
const insertRows = `
  with recursive rows (n) as (select @first union all select n + 1 from rows where n < @last)
  insert into waybill_messages (id, topic, type, ordering_key, payload, status, created_at, published_at)
  select
    printf('01990000-%04x-7000-8000-%012x', n >> 16, n), 'orders', 'order.placed', 'order-' || (n % @keys),
    cast(printf('{"orderId":%d,"note":"%.*c"}', n, @payloadBytes - 21 - length(n), 'x') as blob),
    iif(n <= @kept, 'PUBLISHED', 'PENDING'), unixepoch() * 1000, iif(n <= @kept, unixepoch() * 1000, null)
  from rows`
