import type { InboxHarness, StorageHarness } from '@waybill/conformance'
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
    const opened = sqliteStorage({ db: test.kysely(), lockTimeoutMs: 2000 })
    storages.push(opened)
    return opened
  }
  const first = open()
  return {
    test,
    storage: first,
    runner: first,
    reopen: async () => open(),
    async close() {
      for (const each of storages) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

export async function storage(): Promise<StorageHarness<Tx>> {
  const { test, ...harness } = setup()
  const [other, blocker] = [test.connect(), test.connect()]
  return {
    ...harness,
    oneWriter: true,
    // What takes SQLite away from others is somebody who does not end his transaction.
    disrupt: {
      async cut() {
        blocker.exec('begin immediate')
      },
      async restore() {
        blocker.exec('rollback')
      },
    },
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

export async function inbox(): Promise<InboxHarness<AnyTransaction>> {
  const test = migratedDatabase()
  const connect = () => {
    const opened = sqliteInbox({ db: test.kysely() })
    return { inbox: opened, runner: opened }
  }
  return {
    ...connect(),
    oneWriter: true,
    reopen: async () => connect(),
    async close() {
      await test[Symbol.asyncDispose]()
    },
  }
}
