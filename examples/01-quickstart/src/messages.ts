import { defineMessages } from '@waybill/core'
import { z } from 'zod'

const orderId = z.string()

/** What the shop tells the world. The order's id is the ordering key: whoever listens hears of an order in its order. */
export const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (m) => m.orderId, schema: z.object({ orderId, total: z.number() }) },
  'order.paid': { topic: 'orders', key: (m) => m.orderId, schema: z.object({ orderId, amount: z.number() }) },
  'order.confirmed': { topic: 'orders', key: (m) => m.orderId, schema: z.object({ orderId }) },
})

export const messagesPerOrder = 3
