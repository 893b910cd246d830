import { describeInbox, describeStorage, type StorageHarness } from '@waybill/conformance'
import type { OutboxStorage } from '@waybill/core/contracts'
import type { Connection } from 'mysql2/promise'
import { describe, it } from 'vitest'
import { type MysqlStorage, type MysqlTransaction, mysqlInbox, mysqlStorage } from '../src/index.ts'
import { migratedDatabase, onEachServer, type TestDatabase } from './database.ts'

await onEachServer((server) => {
  const rules = { describe, it }
  describeStorage('mysql', rules, async () => {
    const test = await migratedDatabase(server)
    return storageHarness(test, () => mysqlStorage({ pool: test.pool() }))
  })
  if (server.name === 'MySQL') {
    describeStorage('mysql with Kysely alone', rules, async () => {
      const test = await migratedDatabase(server)
      return storageHarness(test, () => mysqlStorage({ db: test.kysely() }))
    })
  } else {
    // As MariaDB is installed, nobody sees the locks.
    describeStorage('mysql without a view of the locks', rules, async () => {
      const test = await migratedDatabase(server)
      const account = await test.account('all')
      return storageHarness(test, () => mysqlStorage({ pool: test.pool(account) }))
    })
  }
  describeInbox('mysql', rules, async () => {
    const test = await migratedDatabase(server)
    const open = () => {
      const inbox = mysqlInbox({ db: test.kysely() })
      return { inbox, runner: inbox }
    }
    return { ...open(), reopen: async () => open(), close: async () => test[Symbol.asyncDispose]() }
  })
  describeInbox('mysql without Kysely', rules, async () => {
    const test = await migratedDatabase(server)
    const inbox = mysqlInbox({ pool: test.pool() })
    return { inbox, runner: inbox, close: async () => test[Symbol.asyncDispose]() }
  })
})

async function storageHarness<Tx extends MysqlTransaction>(
  test: TestDatabase,
  open: () => MysqlStorage<Tx>,
): Promise<StorageHarness<MysqlTransaction>> {
  const storage = open()
  const opened: OutboxStorage<MysqlTransaction>[] = [storage]
  const other = await test.connect()
  return {
    storage,
    runner: storage,
    async reopen() {
      const second = open()
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
