import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { migrateSqlite, sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import SQLite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'

async function shop() {
  const database = new SQLite(join(mkdtempSync(join(tmpdir(), 'waybill-docs-')), 'shop.db'))
  database.exec('create table orders (id text primary key); create table invoices (order_id text not null)')
  const db = new Kysely<{ orders: { id: string }; invoices: { order_id: string } }>({
    dialect: new SqliteDialect({ database }),
  })
  onTestFinished(() => db.destroy())
  await migrateSqlite(db)
  return db
}

it('the service before: a broker that is away loses the message', async () => {
  const db = await shop()
  const order = { id: 'o-1' }
  const broker = {
    send: async (_topic: string, _message: object): Promise<void> => {
      throw new Error('the broker is away')
    },
  }
  const placeOrder = async () => {
    // #region before
    await db.insertInto('orders').values(order).execute()
    await broker.send('orders', { key: order.id, type: 'order.placed', value: order })
    // #endregion
  }
  await expect(placeOrder()).rejects.toThrow('away')
  expect(await db.selectFrom('orders').selectAll().execute()).toEqual([order])
})

it('the service afterwards', async () => {
  const db = await shop()
  const order = { id: 'o-1' }
  const broker = memoryBroker()
  const publisher = memoryPublisher({ broker })
  const source = memoryConsumer({ broker })

  // #region after
  const messages = defineMessages({
    'order.placed': { topic: 'orders', key: (placed) => placed.id, schema: z.object({ id: z.string() }) },
  })
  const storage = sqliteStorage({ db })
  const outbox = new Outbox({ storage, messages })

  await db.transaction().execute(async (tx) => {
    await tx.insertInto('orders').values(order).execute()
    await outbox.enqueue(tx, 'order.placed', order)
  })
  // #endregion

  // #region relay
  const relay = new Relay({ storage, publisher })
  await relay.start()
  // #endregion

  // #region consumer
  const consumer = new Consumer({ name: 'billing', source, inbox: sqliteInbox({ db }), messages })
  consumer.on('order.placed', async (message, { tx }) => {
    await tx.insertInto('invoices').values({ order_id: message.payload.id }).execute()
  })
  await consumer.start()
  // #endregion

  const invoices = () => db.selectFrom('invoices').selectAll().execute()
  await expect.poll(invoices, { timeout: 10_000 }).toEqual([{ order_id: 'o-1' }])
  await consumer.stop()
  await relay.stop()
  await storage.close()
})
