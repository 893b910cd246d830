import type { Server } from '@waybill/conformance/containers'
import type { OutboxMessage } from '@waybill/core/contracts'
import type { LaneRead, LaneStore } from '@waybill/core/lanes'
import { sqlContext } from '@waybill/sql'
import type { Connection, PoolOptions } from 'mysql2/promise'
import { openDatabase } from '../src/database.ts'
import { mysqlDialect } from '../src/dialect.ts'
import { mysqlLaneStore } from '../src/lane-store.ts'
import { type MysqlStorageOptions, resolveStorageOptions } from '../src/options.ts'
import { mysqlWriter } from '../src/writer.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'

export interface StoreSetup extends AsyncDisposable {
  readonly test: TestDatabase
  readonly store: LaneStore
  /** A connection of the application. */
  readonly producer: Connection
  /** Inserts in a transaction of the producer. */
  insert(messages: readonly OutboxMessage[]): Promise<void>
}

export interface StoreSetupOptions extends MysqlStorageOptions {
  readonly pool?: PoolOptions
}

/** A lane store on a fresh database, beside a connection of the application. */
export async function storeSetup(server: Server, options: StoreSetupOptions = {}): Promise<StoreSetup> {
  const test = await migratedDatabase(server)
  const context = sqlContext(mysqlDialect, 'waybill_')
  const resolved = resolveStorageOptions('test', options)
  const database = openDatabase({ pool: test.pool(options.pool) }, resolved)
  const producer = await test.connect()
  const writer = mysqlWriter(context)
  return {
    test,
    store: mysqlLaneStore({ context, database, ...resolved }),
    producer,
    async insert(messages) {
      await producer.beginTransaction()
      await writer.insert(producer, messages)
      await producer.commit()
    },
    async [Symbol.asyncDispose]() {
      await database.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

export const everything: LaneRead = {
  lanes: null,
  after: 0,
  upTo: null,
  exclude: [],
  onlyTopic: null,
  skipTopics: [],
  skipKeys: [],
  limit: 100,
  watch: [],
}

export async function idsOf(store: LaneStore, request: Partial<LaneRead>): Promise<readonly string[]> {
  const { rows } = await store.read({ ...everything, ...request })
  return rows.map((row) => row.message.id)
}
