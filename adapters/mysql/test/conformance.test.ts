import { describeInbox, describeStorage, type StorageHarness } from '@waybill/conformance'
import type { OutboxStorage } from '@waybill/core/contracts'
import type { Connection } from 'mysql2/promise'
import { describe, it } from 'vitest'
import { type MysqlTransaction, mysqlInbox, mysqlStorage } from '../src/index.ts'
import { migratedDatabase, onEachServer, type TestDatabase } from './database.ts'

await onEachServer((server) => {
  describeStorage('mysql', { describe, it }, async () => storageHarness(await migratedDatabase(server)))
  describeInbox('mysql', { describe, it }, async () => {
    const test = await migratedDatabase(server)
    const open = () => {
      const inbox = mysqlInbox({ db: test.kysely() })
      return { inbox, runner: inbox }
    }
    return { ...open(), reopen: async () => open(), close: async () => test[Symbol.asyncDispose]() }
  })
})

async function storageHarness(test: TestDatabase): Promise<StorageHarness<MysqlTransaction>> {
  const storage = mysqlStorage({ pool: test.pool() })
  const opened: OutboxStorage<MysqlTransaction>[] = [storage]
  const other = await test.connect()
  return {
    storage,
    runner: storage,
    async reopen() {
      const second = mysqlStorage({ pool: test.pool() })
      opened.push(second)
      return second
    },
    outsideTransaction: () => other,
    async openTransaction() {
      const tx = await test.connect()
      await tx.beginTransaction()
      return { tx, commit: () => tx.commit(), rollback: () => tx.rollback() }
    },
    plainInsert: (rows) => insertPlainly(other, rows),
    async close() {
      for (const each of opened) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

type PlainRows = Parameters<NonNullable<StorageHarness<MysqlTransaction>['plainInsert']>>[0]

async function insertPlainly(connection: Connection, rows: PlainRows): Promise<void> {
  const values = rows.map(({ id, topic, type, payload, orderingKey = null }) => {
    return [id, topic, type, Buffer.from(payload), orderingKey]
  })
  await connection.query('insert into waybill_messages (id, topic, type, payload, ordering_key) values ?', [values])
}
