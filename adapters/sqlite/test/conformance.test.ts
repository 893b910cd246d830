import { describeStorage, type StorageHarness } from '@waybill/conformance'
import type { AnyTransaction } from '@waybill/sql'
import type { Database } from 'better-sqlite3'
import { describe, it } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { migratedDatabase } from './database.ts'

describeStorage('sqlite', { describe, it }, async (): Promise<StorageHarness<AnyTransaction | Database>> => {
  const test = migratedDatabase()
  const db = test.kysely()
  const storage = sqliteStorage({ db })
  const reopened: (typeof storage)[] = []
  const other = test.connect()
  return {
    storage,
    runner: storage,
    async reopen() {
      const second = sqliteStorage({ db: test.kysely() })
      reopened.push(second)
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
      for (const each of [storage, ...reopened]) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
})
