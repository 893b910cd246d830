import { Outbox } from '@waybill/core'
import { mysqlStorage } from '@waybill/mysql'
import { createConnection, type Pool } from 'mysql2/promise'
import { messageOptions, orderPlaced } from '../../relaying/sample-message.ts'
import type { Shop, ShopOptions, ShopStorage } from '../outbox-database.ts'

const insertOrder = 'insert into orders (customer, total) values (?, ?)'

/** Producers that use mysql2 by itself. */
export function openShops(pool: Pool, url: string, { aggregates = false }: ShopOptions): ShopStorage {
  const storage = mysqlStorage({ pool, retentionMs: 0 })
  const outbox = new Outbox({ storage })
  let orders = 0
  const open = async (): Promise<Shop> => {
    const connection = await createConnection({ uri: url })
    const transact = async <T>(work: () => Promise<T>): Promise<T> => {
      await connection.query('begin')
      const result = await work()
      await connection.query('commit')
      return result
    }
    const order = () => connection.query(insertOrder, ['somebody', ++orders])
    return {
      order: () => transact(async () => void (await order())),
      orderWithMessage: () =>
        transact(async () => {
          await order()
          const options = messageOptions(orders, aggregates)
          return (await outbox.enqueue(connection, 'order.placed', orderPlaced(orders), options)).id
        }),
      [Symbol.asyncDispose]: () => connection.end(),
    }
  }
  return { storage, open, [Symbol.asyncDispose]: () => storage.close() }
}
