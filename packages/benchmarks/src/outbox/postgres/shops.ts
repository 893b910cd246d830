import { Outbox } from '@waybill/core'
import { postgresStorage } from '@waybill/postgres'
import pg, { type Pool } from 'pg'
import { messageOptions, orderPlaced } from '../../relaying/sample-message.ts'
import type { Shop, ShopOptions, ShopStorage } from '../outbox-database.ts'

const insertOrder = 'insert into orders (customer, total) values ($1, $2)'

/** Producers that use pg by itself. */
export function openShops(pool: Pool, { wakeups = false, aggregates = false }: ShopOptions): ShopStorage {
  const storage = postgresStorage({ pool, retentionMs: 0, wakeups })
  const outbox = new Outbox({ storage })
  let orders = 0
  const open = async (): Promise<Shop> => {
    const client = new pg.Client(pool.options)
    await client.connect()
    const transact = async <T>(work: () => Promise<T>): Promise<T> => {
      await client.query('begin')
      const result = await work()
      await client.query('commit')
      return result
    }
    const order = () => client.query(insertOrder, ['somebody', ++orders])
    const options = () => messageOptions(orders, aggregates)
    return {
      order: () => transact(async () => void (await order())),
      orderWithMessage: () =>
        transact(async () => {
          await order()
          return (await outbox.enqueue(client, 'order.placed', orderPlaced(orders), options())).id
        }),
      // Both prepared: a statement that is parsed again each time costs more than what it does.
      async orderAtOnce() {
        await client.query({ name: 'order', text: insertOrder, values: ['somebody', ++orders] })
      },
      async orderWithMessageAtOnce() {
        const message = await outbox.compose('order.placed', orderPlaced(++orders), options())
        const { text, name, values } = storage.insertQuery([message]).toSql(3)
        await client.query({
          name: `order_${name}`,
          text: `with message as (${text}) ${insertOrder}`,
          values: ['somebody', orders, ...values],
        })
      },
      [Symbol.asyncDispose]: () => client.end(),
    }
  }
  return { storage, open, [Symbol.asyncDispose]: () => storage.close() }
}
