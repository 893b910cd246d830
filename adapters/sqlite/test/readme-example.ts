import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { migrateSqlite, sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { z } from 'zod'

const database = new BetterSqlite3(join(mkdtempSync(join(tmpdir(), 'shop-')), 'shop.db'))
// better-sqlite3 sets NORMAL for a WAL, with which a power cut may undo what has been committed.
database.pragma('synchronous = full')
database.exec('create table orders (id text primary key); create table invoices (order_id text primary key)')
const db = new Kysely<{ orders: { id: string }; invoices: { order_id: string } }>({
  dialect: new SqliteDialect({ database }),
})
await migrateSqlite(db)

const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (order) => order.orderId, schema: z.object({ orderId: z.string() }) },
})
const storage = sqliteStorage({ db })
const outbox = new Outbox({ storage, messages })
await db.transaction().execute(async (tx) => {
  await tx.insertInto('orders').values({ id: 'o-1' }).execute()
  await outbox.enqueue(tx, 'order.placed', { orderId: 'o-1' })
})

const broker = memoryBroker()
const relay = new Relay({ storage, publisher: memoryPublisher({ broker }) })
await relay.drain()
await storage.close()

const consumer = new Consumer({
  name: 'billing',
  source: memoryConsumer({ broker }),
  inbox: sqliteInbox({ db }),
  messages,
})
const processed = new Promise((resolve) => consumer.on('processed', resolve))
consumer.on('order.placed', async (message, { tx }) => {
  await tx.insertInto('invoices').values({ order_id: message.payload.orderId }).execute()
})
await consumer.start()
await processed
await consumer.stop()
assert.deepEqual(await db.selectFrom('invoices').selectAll().execute(), [{ order_id: 'o-1' }])
await db.destroy()
