import type { Server } from '@waybill/conformance/containers'
import type { OutboxMessage } from '@waybill/core/contracts'
import type { LaneRead, LaneStore, WriterBarrier } from '@waybill/core/lanes'
import { sqlContext } from '@waybill/sql'
import type { Client } from 'pg'
import { openDatabase } from '../src/database.ts'
import { postgresDialect } from '../src/dialect.ts'
import { postgresLaneStore } from '../src/lane-store.ts'
import { type PostgresStorageOptions, resolveStorageOptions } from '../src/options.ts'
import { postgresWriter } from '../src/writer.ts'
import { migratedDatabase, type TestDatabase } from './server.ts'

export interface LaneSetup extends AsyncDisposable {
  readonly test: TestDatabase
  readonly store: Omit<LaneStore, 'barrier'> & { barrier(): Promise<WriterBarrier> }
  /** Inserts and commits. */
  insert(messages: readonly OutboxMessage[]): Promise<void>
  /** A transaction that stays open. */
  begin(messages?: readonly OutboxMessage[]): Promise<Client>
  idsOf(request: Partial<LaneRead>): Promise<readonly string[]>
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

/** A lane store on fresh tables, beside connections of the application. */
export async function laneSetup(server: Server, options: PostgresStorageOptions = {}): Promise<LaneSetup> {
  const test = await migratedDatabase(server)
  const resolved = resolveStorageOptions('test', options)
  const context = sqlContext(postgresDialect, resolved.tablePrefix)
  const database = openDatabase({ pool: test.pool }, resolved)
  const store = postgresLaneStore({ context, database, ...resolved })
  const writer = postgresWriter(context)
  const begin = async (messages: readonly OutboxMessage[] = []): Promise<Client> => {
    const client = await test.connect()
    await client.query('begin')
    await writer.insert(client, messages)
    return client
  }
  return {
    test,
    store: {
      ...store,
      async barrier() {
        const barrier = await store.barrier?.()
        if (!barrier) throw new TypeError('PostgreSQL can list its writers')
        return barrier
      },
    },
    begin,
    async insert(messages) {
      const client = await begin(messages)
      await client.query('commit')
    },
    async idsOf(request) {
      const { rows } = await store.read({ ...everything, ...request })
      return rows.map((row) => row.message.id)
    },
    async [Symbol.asyncDispose]() {
      await database.close()
      await test[Symbol.asyncDispose]()
    },
  }
}
