import { Consumer, PermanentError, stopOnSignals } from '@waybill/core'
import { mysqlInbox } from '@waybill/mysql'
import { rabbitmqConsumer } from '@waybill/rabbitmq'
import type { ResultSetHeader } from 'mysql2'
import { names, rabbitmq } from './config.ts'
import { migrate, pool } from './database.ts'
import { messages } from './messages.ts'

// Writes what has to be picked from the shelves. What its handler writes through `tx` happens once, however often a message
// arrives. It can run several times: one process has the queue, the next one takes over when it is gone.

await migrate()
const consumer = new Consumer({
  name: 'warehouse',
  source: rabbitmqConsumer({ rabbitmq, queue: names.queue, singleActiveConsumer: true }),
  inbox: mysqlInbox({ pool }),
  messages,
  // They stay where the operator of the broker looks; without this they would be in the tables of the inbox.
  deadLetters: 'broker',
})

consumer.on('stock.reserved', async ({ payload }, { tx }) => {
  const [{ affectedRows }] = await tx.query<ResultSetHeader>(
    `insert into picks (order_id, sku, quantity, place, stock_left)
     select ?, sku, ?, place, ? from shelves where sku = ?`,
    [payload.orderId, payload.quantity, payload.left, payload.sku],
  )
  // Trying again would not help: it goes to the dead letters, and comes back from there when somebody has built a shelf.
  if (affectedRows === 0) throw new PermanentError(`there is no shelf for '${payload.sku}'`)
})

stopOnSignals([consumer])
await consumer.start()
console.log('warehouse: started')
await consumer.closed
await pool.end()
console.log('warehouse: stopped')
