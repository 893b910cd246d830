import { describeInbox, describeStorage, type InboxHarness, type StorageHarness } from '@waybill/conformance'
import { onServer, type Server } from '@waybill/conformance/containers'
import type { PoolClient } from 'pg'
import { describe, it } from 'vitest'
import { type PostgresTransaction, postgresInbox, postgresStorage } from '../src/index.ts'
import { migratedDatabase, server } from './server.ts'

onServer(server, { it }, (postgres) => {
  describeStorage('postgres', { describe, it }, () => storageHarness(postgres))
  describeInbox('postgres', { describe, it }, () => inboxHarness(postgres))
})

async function storageHarness(postgres: Server): Promise<StorageHarness<PostgresTransaction>> {
  const test = await migratedDatabase(postgres)
  const storage = postgresStorage({ pool: test.pool })
  const opened = [storage]
  const idle = await test.connect()
  return {
    storage,
    runner: storage,
    async reopen() {
      const other = postgresStorage({ pool: test.pool })
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

async function inboxHarness(postgres: Server): Promise<InboxHarness<PoolClient>> {
  const test = await migratedDatabase(postgres)
  const open = () => {
    const inbox = postgresInbox({ pool: test.pool })
    return { inbox, runner: inbox }
  }
  return {
    ...open(),
    reopen: async () => open(),
    async close() {
      await test[Symbol.asyncDispose]()
    },
  }
}
