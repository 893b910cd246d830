import { describeInbox, describeStorage, type InboxHarness, type StorageHarness } from '@waybill/conformance'
import { onServer, type Server } from '@waybill/conformance/containers'
import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { describe, it } from 'vitest'
import { type PostgresStorage, type PostgresTransaction, postgresInbox, postgresStorage } from '../src/index.ts'
import { migratedDatabase, server, type TestDatabase } from './server.ts'

onServer(server, { it }, (postgres) => {
  describeStorage('postgres', { describe, it }, () => storageHarness(postgres, ({ pool }) => postgresStorage({ pool })))
  describeStorage('postgres by Kysely', { describe, it }, () =>
    storageHarness(postgres, ({ db }) => postgresStorage({ db })),
  )
  describeInbox('postgres', { describe, it }, () => inboxHarness(postgres, ({ pool }) => postgresInbox({ pool })))
  describeInbox('postgres by Kysely', { describe, it }, () => inboxHarness(postgres, ({ db }) => postgresInbox({ db })))
})

async function storageHarness<Tx extends PostgresTransaction>(
  postgres: Server,
  open: (test: TestDatabase) => PostgresStorage<Tx>,
): Promise<StorageHarness<PostgresTransaction>> {
  const test = await migratedDatabase(postgres)
  const storage = open(test)
  const opened = [storage]
  const idle = await test.connect()
  return {
    storage,
    runner: storage,
    async reopen() {
      const other = open(test)
      opened.push(other)
      return other
    },
    outsideTransaction: () => idle,
    async openTransaction() {
      const client = await test.connect()
      await client.query('begin')
      const end = async (how: string) => {
        await client.query(how)
      }
      return {
        tx: client,
        commit: async () => end('commit'),
        rollback: async () => end('rollback'),
      }
    },
    async plainInsert(rows) {
      for (const row of rows) {
        const text = 'insert into waybill_messages (id, topic, type, payload, ordering_key) values ($1, $2, $3, $4, $5)'
        await test.query(text, [row.id, row.topic, row.type, row.payload, row.orderingKey ?? null])
      }
    },
    async close() {
      for (const each of opened) await each.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

async function inboxHarness<Tx>(
  postgres: Server,
  open: (test: TestDatabase) => InboxStorage<Tx> & TransactionRunner<Tx>,
): Promise<InboxHarness<Tx>> {
  const test = await migratedDatabase(postgres)
  const connect = () => {
    const inbox = open(test)
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
