import type { OutboxMessage } from '@waybill/core/contracts'
import type { LaneStore } from '@waybill/core/lanes'
import { sqlContext } from '@waybill/sql'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { SqliteConnection } from '../src/connection.ts'
import { sqliteDialect } from '../src/dialect.ts'
import { Home } from '../src/home.ts'
import { sqliteLaneStore } from '../src/lane-store.ts'
import { sqliteWriter } from '../src/writer.ts'
import { type Encoding, migratedDatabase, type TestDatabase } from './database.ts'

export interface StoreSetup extends AsyncDisposable {
  readonly test: TestDatabase
  readonly store: LaneStore
  /** A connection of the application. */
  readonly producer: Database
  /** Inserts in a transaction of the producer. */
  insert(messages: readonly OutboxMessage[]): void
}

export interface StoreSetupOptions {
  readonly retentionMs?: number
  readonly lockTimeoutMs?: number
  readonly writeGapMs?: number
  readonly encoding?: Encoding
}

/** A lane store on a fresh file, beside a connection of the application. */
export function storeSetup({
  retentionMs = 60_000,
  lockTimeoutMs = 5000,
  writeGapMs = 0,
  encoding = 'UTF-8',
}: StoreSetupOptions = {}): StoreSetup {
  const test = migratedDatabase(encoding)
  const own = new BetterSqlite3(test.file, { timeout: 0 })
  const connection = new SqliteConnection(own, { lockTimeoutMs, writeGapMs })
  const context = sqlContext(sqliteDialect, 'waybill_')
  const producer = test.connect()
  const { insertSync } = sqliteWriter(context, new Home({ database: producer }, lockTimeoutMs))
  return {
    test,
    store: sqliteLaneStore({ context, connection: async () => connection, retentionMs }),
    producer,
    insert: producer.transaction((messages: readonly OutboxMessage[]) => insertSync(producer, messages)),
    async [Symbol.asyncDispose]() {
      connection.close()
      await test[Symbol.asyncDispose]()
    },
  }
}
