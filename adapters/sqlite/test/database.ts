import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OutboxMessage } from '@waybill/core/contracts'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { sqliteMigrationSql } from '../src/index.ts'

/** A file in a directory of its own, and connections to it. */
export interface TestDatabase extends AsyncDisposable {
  readonly file: string
  /** A connection of its own, closed at the end. */
  connect(): Database
  /** A connection to another file beside it, with Waybill's tables, closed at the end. */
  another(name: string): Database
  /** Kysely on a connection of its own, destroyed at the end. */
  kysely(): Kysely<Record<string, Record<string, unknown>>>
}

/** How a database keeps its texts, for good. */
export type Encoding = 'UTF-8' | 'UTF-16le'

export function emptyDatabase(encoding: Encoding = 'UTF-8'): TestDatabase {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-sqlite-'))
  const file = join(directory, 'orders.db')
  const closers: (() => unknown)[] = []
  const connect = () => {
    const database = new BetterSqlite3(file)
    closers.push(() => database.close())
    return database
  }
  const first = connect()
  first.pragma(`encoding = '${encoding}'`)
  first.pragma('journal_mode = wal')
  // The encoding is written with the first table.
  first.exec('create table first (a); drop table first')
  return {
    file,
    connect,
    another(name) {
      const database = new BetterSqlite3(join(directory, name))
      closers.push(() => database.close())
      database.exec(sqliteMigrationSql())
      return database
    },
    kysely() {
      const database = connect()
      return new Kysely({ dialect: new SqliteDialect({ database }) })
    },
    async [Symbol.asyncDispose]() {
      for (const close of closers) await close()
      rmSync(directory, { recursive: true })
    },
  }
}

export function migratedDatabase(encoding?: Encoding): TestDatabase {
  const test = emptyDatabase(encoding)
  test.connect().exec(sqliteMigrationSql())
  return test
}

let count = 0

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

const insertMessage = `insert into waybill_messages (id, topic, type, payload) values (?, 'orders', 'order.placed', '{}')`

/** What another program does: a plain INSERT. */
export function plainInsert(database: Database, id: string): void {
  database.prepare(insertMessage).run(id)
}
