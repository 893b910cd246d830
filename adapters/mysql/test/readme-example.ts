import assert from 'node:assert/strict'
import { defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import { migrateMysql, mysqlStorage } from '@waybill/mysql'
import { createPool } from 'mysql2/promise'
import { z } from 'zod'

const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (order) => order.orderId,
    schema: z.object({ orderId: z.string(), total: z.number() }),
  },
})

const pool = createPool(process.env['DATABASE_URL'] ?? 'mysql://localhost/orders')
await migrateMysql({ pool })
const storage = mysqlStorage({ pool })
const outbox = new Outbox({ storage, messages })

await pool.query('create table orders (id varchar(36) primary key, total int)')
const connection = await pool.getConnection()
await connection.beginTransaction()
await connection.query('insert into orders values (?, ?)', ['o-1', 5])
await outbox.enqueue(connection, 'order.placed', { orderId: 'o-1', total: 5 })
await connection.commit()
connection.release()

const publisher = memoryPublisher()
await new Relay({ storage, publisher }).drain()
assert.deepEqual(
  publisher.published.map((message) => [message.type, message.orderingKey]),
  [['order.placed', 'o-1']],
)
await storage.close()
await pool.end()
