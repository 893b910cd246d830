import assert from 'node:assert/strict'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryInbox, memoryStorage } from '@waybill/memory'
import { rabbitmqConsumer, rabbitmqPublisher } from '@waybill/rabbitmq'
import { z } from 'zod'

const rabbitmq = { url: process.env['RABBITMQ_URL'] ?? 'amqp://localhost' }
const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (order) => order.orderId, schema: z.object({ orderId: z.string() }) },
})

const source = rabbitmqConsumer({ rabbitmq, topology: 'create' })
const consumer = new Consumer({ name: 'billing', source, inbox: memoryInbox(), messages })
const invoiced: string[] = []
const processed = new Promise((resolve) => consumer.on('processed', resolve))
consumer.on('order.placed', async (message) => {
  invoiced.push(message.payload.orderId)
})
await consumer.start()

const storage = memoryStorage()
const outbox = new Outbox({ storage, messages })
const relay = new Relay({ storage, publisher: rabbitmqPublisher({ rabbitmq }) })
await storage.transaction(async (tx) => {
  await outbox.enqueue(tx, 'order.placed', { orderId: 'o-1' })
})
await relay.drain()
await relay.stop()

await processed
await consumer.stop()
assert.deepEqual(invoiced, ['o-1'])
