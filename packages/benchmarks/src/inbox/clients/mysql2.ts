import { mysqlInbox } from '@waybill/mysql'
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { ConsumingClient } from './consuming-client.ts'

const receive = 'insert ignore into waybill_receipts (consumer, `key`, recorded_at) values (?, ?, ?)'

/** mysql2 by itself. */
export function mysql2Client(url: string, connections: number): ConsumingClient<PoolConnection> {
  const pool = openPool(url, connections)
  return {
    inbox: mysqlInbox({ pool }),
    async write(tx, orders) {
      await tx.query('insert into invoices (order_id, note) values ?', [
        orders.map(({ orderId, note }) => [orderId, note]),
      ])
    },
    async byHand({ orderId, note }, receipt) {
      const connection = await pool.getConnection()
      await connection.query('begin')
      const isNew =
        receipt === null || insertedOne(await connection.query(receive, [receipt.consumer, receipt.key, Date.now()]))
      if (isNew) await connection.query('insert into invoices (order_id, note) values (?, ?)', [orderId, note])
      await connection.query('commit')
      connection.release()
    },
    ask: async (statement) => {
      const [rows] = await pool.query<RowDataPacket[]>(statement)
      return Array.isArray(rows) ? rows : []
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

/** Sessions begin at the isolation that the inbox asks for, so that by hand nobody has to ask again. */
export function openPool(url: string, connections: number): Pool {
  const pool = createPool({ uri: url, connectionLimit: connections })
  pool.on('connection', (connection) => {
    connection.query('set session transaction isolation level read committed')
  })
  return pool
}

function insertedOne([header]: readonly [unknown, unknown]): boolean {
  return typeof header === 'object' && header !== null && 'affectedRows' in header && header.affectedRows === 1
}
