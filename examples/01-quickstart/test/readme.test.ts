import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { migrateSqlite, sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

interface Orders {
  orders: { id: string; total: number }
}

interface Invoices {
  invoices: { order_id: string }
}

async function open<Tables>(folder: string, name: string): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new BetterSqlite3(join(folder, name)) }) })
  await migrateSqlite(db)
  return db
}

async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-readme-'))
  const db = await open<Orders>(folder, 'orders.sqlite')
  const billing = await open<Invoices>(folder, 'billing.sqlite')
  onTestFinished(async () => {
    await db.destroy()
    await billing.destroy()
    await rm(folder, { recursive: true })
  })
  await db.schema.createTable('orders').addColumn('id', 'text').addColumn('total', 'integer').execute()
  await billing.schema.createTable('invoices').addColumn('order_id', 'text').execute()
  return { db, billing, broker: memoryBroker() }
}

test("the README's example does what it says", async () => {
  const { db, billing, broker } = await setup()
  const publisher = memoryPublisher({ broker })
  const source = memoryConsumer({ broker })
  const order = { id: 'order-1', total: 5 }

  // #region readme
  const messages = defineMessages({
    'order.placed': { topic: 'orders', key: (m) => m.id, schema: z.object({ id: z.string(), total: z.number() }) },
  })

  // The service that takes orders: its rows and its messages commit together, or not at all.
  const storage = sqliteStorage({ db })
  const outbox = new Outbox({ storage, messages })
  await db.transaction().execute(async (tx) => {
    await tx.insertInto('orders').values(order).execute()
    await outbox.enqueue(tx, 'order.placed', order)
  })

  // The relay: in the same process or in others, as many as you like.
  const relay = new Relay({ storage, publisher })
  await relay.start()

  // The service that bills: what its handlers write through tx happens once.
  const consumer = new Consumer({ name: 'billing', source, inbox: sqliteInbox({ db: billing }), messages })
  consumer.on('order.placed', async (message, { tx }) => {
    await tx.insertInto('invoices').values({ order_id: message.payload.id }).execute()
  })
  await consumer.start()
  // #endregion

  await expect.poll(() => billing.selectFrom('invoices').selectAll().execute()).toEqual([{ order_id: 'order-1' }])
  await consumer.stop()
  await relay.stop()
  await storage.close()
})
