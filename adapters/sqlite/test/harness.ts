import type { InboxHarness, RelayHarness, StorageHarness } from '@waybill/conformance'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import type { AnyTransaction } from '@waybill/sql'
import type { Database } from 'better-sqlite3'
import { type SqliteStorage, sqliteInbox, sqliteStorage } from '../src/index.ts'
import { migratedDatabase } from './database.ts'

type Tx = AnyTransaction | Database

/** A storage on a fresh file, and others on the same. */
function setup() {
  const test = migratedDatabase()
  const storages: SqliteStorage[] = []
  const open = () => {
    const storage = sqliteStorage({ db: test.kysely() })
    storages.push(storage)
    return storage
  }
  const storage = open()
  return {
    test,
    storage,
    runner: storage,
    reopen: async () => open(),
    async close() {
      for (const each of storages) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

export async function storageHarness(): Promise<StorageHarness<Tx>> {
  const { test, ...harness } = setup()
  const other = test.connect()
  return {
    ...harness,
    outsideTransaction: () => other,
    transactionSync: (work) => other.transaction(() => work(other)).immediate(),
    async plainInsert(rows) {
      const columns = 'id, topic, type, payload, ordering_key'
      const insert = other.prepare(`insert into waybill_messages (${columns}) values (?, ?, ?, ?, ?)`)
      const insertAll = other.transaction(() => {
        for (const row of rows) insert.run(row.id, row.topic, row.type, row.payload, row.orderingKey ?? null)
      })
      insertAll.immediate()
    },
  }
}

export async function relayHarness(): Promise<RelayHarness<Tx>> {
  const { test: _, ...harness } = setup()
  const publisher = memoryPublisher({ broker: memoryBroker() })
  return {
    ...harness,
    publisher,
    topics: ['orders', 'invoices'],
    read: async (topic) => publisher.published.filter((message) => message.topic === topic),
  }
}

export async function inboxHarness(): Promise<InboxHarness<AnyTransaction>> {
  const test = migratedDatabase()
  const connect = () => {
    const inbox = sqliteInbox({ db: test.kysely() })
    return { inbox, runner: inbox }
  }
  return {
    ...connect(),
    reopen: async () => connect(),
    async close() {
      await test[Symbol.asyncDispose]()
    },
  }
}
