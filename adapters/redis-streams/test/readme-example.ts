import assert from 'node:assert/strict'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryInbox, memoryStorage } from '@waybill/memory'
import { redisStreamsConsumer, redisStreamsPublisher } from '@waybill/redis-streams'
import { z } from 'zod'

const redis = {
  host: process.env['REDIS_HOST'] ?? 'localhost',
  port: Number(process.env['REDIS_PORT'] ?? 6379),
  password: process.env['REDIS_PASSWORD'] ?? '',
}
const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (order) => order.orderId, schema: z.object({ orderId: z.string() }) },
})

const storage = memoryStorage()
const outbox = new Outbox({ storage, messages })
const relay = new Relay({ storage, publisher: redisStreamsPublisher({ redis, topology: 'create' }) })
await storage.transaction(async (tx) => {
  await outbox.enqueue(tx, 'order.placed', { orderId: 'o-1' })
})
await relay.drain()
await relay.stop()

const source = redisStreamsConsumer({ redis, topology: 'create' })
const consumer = new Consumer({ name: 'billing', source, inbox: memoryInbox(), messages })
const invoiced: string[] = []
const processed = new Promise((resolve) => consumer.on('processed', resolve))
consumer.on('order.placed', async (message) => {
  invoiced.push(message.payload.orderId)
})
await consumer.start()
await processed
await consumer.stop()
assert.deepEqual(invoiced, ['o-1'])
