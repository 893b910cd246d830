import { Consumer, PermanentError, stopOnSignals } from '@waybill/core'
import { kafkaConsumer } from '@waybill/kafka'
import { postgresInbox } from '@waybill/postgres'
import { config, kafka } from './config.ts'
import { migrate, pool } from './database.ts'
import { messages } from './messages.ts'

// The service that writes invoices. What its handlers write through `tx` happens once, however often a message arrives.

await migrate()
const consumer = new Consumer({
  name: 'billing',
  group: `${config.KAFKA_PREFIX}billing`,
  source: kafkaConsumer({ ...kafka, sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS }),
  inbox: postgresInbox({ pool }),
  messages,
})

consumer.on('order.placed', async ({ payload }, { tx }) => {
  await tx.query(`insert into invoices (order_id, customer_id, total_cents, status) values ($1, $2, $3, 'open')`, [
    payload.orderId,
    payload.customerId,
    payload.totalCents,
  ])
})

consumer.on('order.cancelled', async ({ payload }, { tx }) => {
  const { rowCount } = await tx.query(`update invoices set status = 'credited' where order_id = $1`, [payload.orderId])
  // A customer's messages arrive in their order, so that there is an invoice by now: trying again would not help.
  if (rowCount !== 1) throw new PermanentError(`there is no invoice for order ${payload.orderId}`)
})

stopOnSignals([consumer])
await consumer.start()
console.log('billing: started')
await consumer.closed
await pool.end()
console.log('billing: stopped')
