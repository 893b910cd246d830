import { postgresInbox } from '@waybill/postgres'
import pg, { type PoolClient } from 'pg'
import type { ConsumingClient } from './consuming-client.ts'

const receive = {
  name: 'receipt',
  text: 'insert into waybill_receipts (consumer, key, recorded_at) values ($1, $2, $3) on conflict do nothing',
}
const insert = { name: 'invoice', text: 'insert into invoices (order_id, note) values ($1, $2)' }
const insertMany = 'insert into invoices (order_id, note) select * from unnest($1::bigint[], $2::text[])'

/** pg by itself, with statements that the server keeps prepared. */
export function pgClient(url: string, connections: number): ConsumingClient<PoolClient> {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  // The database is removed at the end, with whoever is connected still.
  pool.on('error', () => undefined)
  return {
    inbox: postgresInbox({ pool }),
    async write(tx, [first, ...others]) {
      if (first === undefined) return
      if (others.length === 0) await tx.query({ ...insert, values: [first.orderId, first.note] })
      else {
        const orders = [first, ...others]
        await tx.query(insertMany, [orders.map(({ orderId }) => orderId), orders.map(({ note }) => note)])
      }
    },
    async byHand({ orderId, note }, receipt) {
      const client = await pool.connect()
      await client.query('begin')
      const { rowCount } =
        receipt === null
          ? { rowCount: 1 }
          : await client.query({ ...receive, values: [receipt.consumer, receipt.key, Date.now()] })
      if (rowCount === 1) await client.query({ ...insert, values: [orderId, note] })
      await client.query('commit')
      client.release()
    },
    ask: async (statement) => (await pool.query(statement)).rows,
    [Symbol.asyncDispose]: () => pool.end(),
  }
}
