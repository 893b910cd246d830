import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { createPool } from 'mysql2/promise'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type MysqlExecutor, migrateMysql, mysqlInbox, mysqlStorage } from '../src/index.ts'
import { emptyDatabase, migratedDatabase } from './database.ts'
import { readmeSql, statementsOf } from './readme.ts'
import { onEachServer } from './servers.ts'

const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (m) => m.id, schema: z.object({ id: z.string(), total: z.number() }) },
})

const orders = 'create table orders (id varchar(36) primary key, total int)'

await onEachServer((server) => {
  it('the example takes an order, publishes its message and writes an invoice', async () => {
    await using test = await emptyDatabase(server)
    const { url } = test
    await test.admin.query(orders)
    await test.admin.query('create table invoices (order_id varchar(36) primary key)')
    const order = { id: 'o-1', total: 5 }
    const broker = memoryBroker()
    const publisher = memoryPublisher({ broker })
    const source = memoryConsumer({ broker })

    // #region readme
    const pool = createPool(url)
    await migrateMysql({ pool })
    const storage = mysqlStorage({ pool })
    const outbox = new Outbox({ storage, messages })

    // The service that takes orders, in its own transaction.
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await connection.query('insert into orders values (?, ?)', [order.id, order.total])
    await outbox.enqueue(connection, 'order.placed', order)
    await connection.commit()
    connection.release()

    // The relay: in the same process or in others, as many as you like.
    const relay = new Relay({ storage, publisher })
    await relay.start()

    // The service that writes invoices: what it does through `tx` happens once.
    const inbox = mysqlInbox({ pool })
    const consumer = new Consumer({ name: 'billing', source, inbox, messages })
    consumer.on('order.placed', async (message, { tx }) => {
      await tx.query('insert into invoices values (?)', [message.payload.id])
    })
    await consumer.start()
    // #endregion

    await expect
      .poll(() => test.rows('select order_id from invoices'), { timeout: 10_000 })
      .toEqual([{ order_id: 'o-1' }])
    await consumer.stop()
    await relay.stop()
    await storage.close()
    await pool.end()
  })

  it('messages are enqueued with any client, and in one request with the business write', async () => {
    await using test = await migratedDatabase(server)
    await test.admin.query(orders)
    const pool = test.pool({ multipleStatements: true })
    const storage = mysqlStorage({ pool })
    const outbox = new Outbox({ storage, messages })
    const order = { id: 'o-2', total: 5 }
    const connection = await pool.getConnection()
    const driver = { run: (text: string, values: readonly unknown[]) => connection.query(text, [...values]) }

    await connection.beginTransaction()
    // #region executor
    const tx: MysqlExecutor = { executeSql: (text, values) => driver.run(text, values) }
    await outbox.enqueue(tx, 'order.placed', order)
    // #endregion
    await connection.commit()

    // #region insert-query
    const { sql, values } = storage.insertQuery([await outbox.compose('order.placed', order)])
    await connection.query(`begin; insert into orders values (?, ?); ${sql}; commit`, [
      order.id,
      order.total,
      ...values,
    ])
    // #endregion

    expect(await test.rows('select ordering_key as k from waybill_messages')).toEqual([{ k: 'o-2' }, { k: 'o-2' }])
    expect(await test.rows('select id from orders')).toEqual([{ id: 'o-2' }])
    await storage.close()
  })

  it('other programs enqueue by an INSERT, the procedure and a trigger', async () => {
    await using test = await migratedDatabase(server)
    await test.admin.query(orders)
    await test.admin.query('create table shipped_orders (id varchar(36) primary key, total int)')
    for (const sql of readmeSql('Other programs')) await test.admin.query(sql)
    await test.admin.query("call place_order('o-5', 7)")
    await expect(test.admin.query("call place_order('o-5', 7)")).rejects.toMatchObject({ errno: 1062 })
    await test.admin.query("insert into shipped_orders values ('o-6', 3)")
    const rows = await test.rows('select topic, ordering_key, payload from waybill_messages order by position')
    const found = rows.map((row) => [row['topic'], row['ordering_key'], JSON.parse(String(row['payload']))])
    const of = (id: string, total: number) => ['orders', id, { id, total }]
    expect(found).toEqual([of('o-4', 9), of('o-5', 7), of('o-6', 3)])
    expect(await test.rows('select id from orders')).toEqual([{ id: 'o-5' }])
  })

  it('what operators ask is answered through an index', async () => {
    await using test = await migratedDatabase(server)
    const questions = readmeSql('What operators ask').flatMap(statementsOf)
    expect(questions).toHaveLength(5)
    for (const question of questions) {
      await test.admin.query(question)
      if (!question.includes('from waybill_messages')) continue
      const [plan] = await test.rows(`explain format = traditional ${question}`)
      if (server.name === 'MySQL') expect(plan).not.toMatchObject({ type: 'ALL' })
    }
  })

  it('the event prunes history, and lets producers write meanwhile', async () => {
    await using test = await migratedDatabase(server)
    await test.admin.query('set global event_scheduler = on')
    const columns = 'id, topic, type, payload, status, published_at'
    const now = "timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000"
    const rows = `('old', 't', 't', '', 'PUBLISHED', 1), ('young', 't', 't', '', 'PUBLISHED', ${now}), ('due', 't', 't', '', 'PENDING', null)`
    await test.admin.query(`insert into waybill_messages (${columns}) values ${rows}`)
    for (const sql of readmeSql('Retention')) await test.admin.query(sql.replace('1 minute', '1 second'))
    const left = async () =>
      (await test.rows('select id from waybill_messages order by position')).map((row) => row['id'])
    await expect.poll(left, { timeout: 15_000 }).toEqual(['young', 'due'])
    await test.admin.query('drop event waybill_prune')
    // What the event does, in a transaction that stays open.
    const [body = ''] = readmeSql('Retention').map((sql) => sql.slice(sql.indexOf('delete'), sql.lastIndexOf(';\nend')))
    await test.admin.query('set transaction isolation level read committed')
    await test.admin.query('begin')
    await test.admin.query("update waybill_messages set published_at = 1 where id = 'young'")
    await test.admin.query(body)
    const producer = await test.connect()
    await producer.query('set session innodb_lock_wait_timeout = 1')
    await producer.query("insert into waybill_messages (id, topic, type, payload) values ('new', 't', 't', '')")
    await test.admin.query('commit')
    expect(await left()).toEqual(['due', 'new'])
  })
})
