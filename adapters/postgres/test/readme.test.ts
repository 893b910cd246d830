import { onServer } from '@waybill/conformance/containers'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { Pool } from 'pg'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { migratePostgres, type PostgresExecutor, postgresInbox, postgresStorage } from '../src/index.ts'
import { readmeSql } from './readme.ts'
import { emptyDatabase, migratedDatabase, server } from './server.ts'

const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (m) => m.id, schema: z.object({ id: z.string(), total: z.number() }) },
})

const orders = 'create table orders (id text primary key, total int)'

onServer(server, { it }, (postgres) => {
  it('the example takes an order, publishes its message and writes an invoice', async () => {
    await using test = await emptyDatabase(postgres)
    const { url } = test
    await test.query(`${orders}; create table invoices (order_id text primary key)`)
    const order = { id: 'o-1', total: 5 }
    const broker = memoryBroker()
    const publisher = memoryPublisher({ broker })
    const source = memoryConsumer({ broker })

    // #region readme
    const pool = new Pool({ connectionString: url })
    await migratePostgres({ pool })
    const storage = postgresStorage({ pool })
    const outbox = new Outbox({ storage, messages })

    // The service that takes orders, in its own transaction.
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into orders values ($1, $2)', [order.id, order.total])
    await outbox.enqueue(client, 'order.placed', order)
    await client.query('commit')
    client.release()

    // The relay: in the same process or in others, as many as you like.
    const relay = new Relay({ storage, publisher })
    await relay.start()

    // The service that writes invoices: what it does through `tx` happens once.
    const inbox = postgresInbox({ pool })
    const consumer = new Consumer({ name: 'billing', source, inbox, messages })
    consumer.on('order.placed', async (message, { tx }) => {
      await tx.query('insert into invoices values ($1)', [message.payload.id])
    })
    await consumer.start()
    // #endregion

    const invoices = () => test.query('select order_id from invoices')
    await expect.poll(invoices, { timeout: 10_000 }).toEqual([{ order_id: 'o-1' }])
    await consumer.stop()
    await relay.stop()
    await storage.close()
    await pool.end()
  })

  it('messages are enqueued with any client, and in one statement with the business write', async () => {
    await using test = await migratedDatabase(postgres)
    await test.query(orders)
    const { pool } = test
    const db = test.db.withTables<{ orders: { id: string; total: number } }>()
    const storage = postgresStorage({ pool, db })
    const outbox = new Outbox({ storage, messages })
    const order = { id: 'o-2', total: 5 }
    const another = await outbox.compose('order.placed', { id: 'o-3', total: 7 })
    const client = await test.connect()
    const driver = { run: (text: string, values: readonly unknown[]) => client.query(text, [...values]) }

    await client.query('begin')
    // #region executor
    const tx: PostgresExecutor = { executeSql: (text, values) => driver.run(text, values) }
    await outbox.enqueue(tx, 'order.placed', order)
    // #endregion
    await client.query('commit')

    // #region insert-query
    const message = await outbox.compose('order.placed', order)
    await db
      .with('message', () => storage.insertQuery([message]))
      .insertInto('orders')
      .values(order)
      .execute()

    const { name, text, values } = storage.insertQuery([another]).toSql(3)
    await pool.query({
      name: `place_order_${name}`, // prepared once in each session: leave it out behind a pooler
      text: `with message as (${text}) insert into orders values ($1, $2)`,
      values: ['o-3', 7, ...values],
    })
    // #endregion

    const enqueued = await test.query('select ordering_key as key from waybill_messages order by position')
    expect(enqueued.map(({ key }) => key)).toEqual(['o-2', 'o-2', 'o-3'])
    expect(await test.query('select id from orders order by id')).toEqual([{ id: 'o-2' }, { id: 'o-3' }])
    await storage.close()
  })

  it('other programs enqueue by an INSERT, the function and a trigger', async () => {
    await using test = await migratedDatabase(postgres)
    await test.query(orders)
    for (const sql of readmeSql('Other programs')) await test.query(sql)
    await test.query(`insert into orders values ('o-6', 3)`)
    const rows = await test.query(
      `select topic, ordering_key as key, convert_from(payload, 'UTF8')::json as payload
       from waybill_messages order by position`,
    )
    const of = (id: string, total: number) => ({ topic: 'orders', key: id, payload: { id, total } })
    expect(rows).toEqual([of('o-4', 9), of('o-5', 9), of('o-6', 3)])
  })

  it.for(['Wakeups', 'Retention', 'What operators ask'])('the SQL of “%s” runs', async (section) => {
    await using test = await migratedDatabase(postgres)
    const blocks = readmeSql(section)
    expect(blocks).not.toEqual([])
    for (const sql of blocks) await test.query(sql)
  })
})
