import assert from 'node:assert/strict'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryInbox, memoryPublisher, memoryStorage } from '@waybill/memory'
import { z } from 'zod'

const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (order) => order.orderId,
    schema: z.object({ orderId: z.string(), placedAt: z.iso.datetime().transform((text) => new Date(text)) }),
  },
})

// The producing service: its rows and its messages commit together, or not at all.
const storage = memoryStorage()
const outbox = new Outbox({ storage, messages })
await outbox.transaction(async ({ tx, enqueue }) => {
  await tx.put('orders', 'o-1', { total: 5 })
  await enqueue('order.placed', { orderId: 'o-1', placedAt: '2026-01-01T00:00:00Z' })
})

// The relay: in the same process or in others, as many as you like.
const broker = memoryBroker()
const relay = new Relay({ storage, publisher: memoryPublisher({ broker }) })
await relay.drain()

// The consuming service: what a handler writes through `tx` happens once.
const inbox = memoryInbox()
const consumer = new Consumer({ name: 'billing', source: memoryConsumer({ broker }), inbox, messages })
const processed = new Promise((resolve) => consumer.on('processed', resolve))
consumer.on('order.placed', async (message, { tx }) => {
  await tx.put('invoices', message.payload.orderId, { year: message.payload.placedAt.getUTCFullYear() })
})
await consumer.start()
await processed
await consumer.stop()
assert.deepEqual(inbox.database.read('invoices').get('o-1'), { year: 2026 })
