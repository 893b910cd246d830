import assert from 'node:assert/strict'
import { defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryPublisher, memoryStorage } from '@waybill/memory'
import { z } from 'zod'

const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (order) => order.orderId,
    schema: z.object({ orderId: z.string(), total: z.number() }),
  },
})

const storage = memoryStorage()
const publisher = memoryPublisher()
const outbox = new Outbox({ storage, messages })
const relay = new Relay({ storage, publisher })

await storage.transaction(async (tx) => {
  await tx.put('orders', 'o-1', { total: 5 })
  await outbox.enqueue(tx, 'order.placed', { orderId: 'o-1', total: 5 })
})
await relay.drain()

assert.deepEqual(
  publisher.published.map((message) => [message.type, message.orderingKey]),
  [['order.placed', 'o-1']],
)
