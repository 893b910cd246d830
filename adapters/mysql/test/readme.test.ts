import { readFile } from 'node:fs/promises'
import { defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import { createPool } from 'mysql2/promise'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { migrateMysql, mysqlStorage } from '../src/index.ts'
import { emptyDatabase, migratedDatabase } from './database.ts'
import { onEachServer } from './servers.ts'

const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (m) => m.id, schema: z.object({ id: z.string(), total: z.number() }) },
})

await onEachServer((server) => {
  it('runs the example of the README', async () => {
    await using test = await emptyDatabase(server)
    const { url } = test
    await test.admin.query('create table orders (id varchar(36) primary key, total int)')
    const order = { id: 'o-1', total: 5 }
    const publisher = memoryPublisher()

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
    // #endregion

    const keys = () => publisher.published.map((message) => message.orderingKey)
    await expect.poll(keys, { timeout: 10_000 }).toEqual(['o-1'])
    await relay.stop()
    await storage.close()
    await pool.end()
  })

  it('takes the INSERT and the trigger of the README for producers', async () => {
    await using test = await migratedDatabase(server)
    await test.admin.query('create table orders (id varchar(36) primary key, total int)')
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    for (const [, sql = ''] of readme.matchAll(/^```sql\n(.*?)^```$/gms)) {
      if (sql.includes('waybill_messages')) await test.admin.query(sql)
    }
    await test.admin.query("insert into orders values ('o-2', 7)")
    expect(await test.rows('select topic, ordering_key, status from waybill_messages order by position')).toEqual([
      { topic: 'orders', ordering_key: 'o-1', status: 'PENDING' },
      { topic: 'orders', ordering_key: 'o-2', status: 'PENDING' },
    ])
  })
})
