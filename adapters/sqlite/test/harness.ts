import type { InboxHarness, PublisherHarness, StorageHarness } from '@waybill/conformance'
import { memoryPublisher } from '@waybill/memory'
import type { AnyTransaction } from '@waybill/sql'
import type { Database } from 'better-sqlite3'
import { sqliteInbox, sqliteStorage } from '../src/index.ts'
import { migratedDatabase } from './database.ts'

/** A file of its own for each rule. SQLite has one writer at a time, so no transaction stays open beside others. */
export async function storage(): Promise<StorageHarness<AnyTransaction | Database>> {
  const test = migratedDatabase()
  const first = sqliteStorage({ db: test.kysely() })
  const opened = [first]
  const other = test.connect()
  return {
    storage: first,
    runner: first,
    async reopen() {
      const second = sqliteStorage({ db: test.kysely() })
      opened.push(second)
      return second
    },
    outsideTransaction: () => other,
    transactionSync: (work) => other.transaction(() => work(other)).immediate(),
    async plainInsert(rows) {
      const insert = other.prepare(
        'insert into waybill_messages (id, topic, type, payload, ordering_key) values (?, ?, ?, ?, ?)',
      )
      const insertAll = other.transaction(() => {
        for (const row of rows) insert.run(row.id, row.topic, row.type, row.payload, row.orderingKey ?? null)
      })
      insertAll.immediate()
    },
    async close() {
      for (const each of opened) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

export async function inbox(): Promise<InboxHarness<AnyTransaction>> {
  const test = migratedDatabase()
  const open = () => {
    const opened = sqliteInbox({ db: test.kysely() })
    return { inbox: opened, runner: opened }
  }
  return { ...open(), reopen: async () => open(), close: () => Promise.resolve(test[Symbol.asyncDispose]()) }
}

/** The broker of the relay rules, which are about the storage here. */
export async function publisher(): Promise<PublisherHarness> {
  const opened = memoryPublisher()
  return {
    publisher: opened,
    topics: ['orders', 'mail'],
    read: async (topic) => opened.published.filter((message) => message.topic === topic),
    close: () => opened.close(),
  }
}
