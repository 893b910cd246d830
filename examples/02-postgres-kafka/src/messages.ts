import { defineMessages } from '@waybill/core'
import { z } from 'zod'

const orderPlaced = z.object({
  orderId: z.uuid(),
  customerId: z.string(),
  /** 1 for the first order of the customer. */
  number: z.int().positive(),
  totalCents: z.int().positive(),
})

const orderCancelled = orderPlaced.pick({ orderId: true, customerId: true })

/** What the shop tells the world. The customer is the key: whoever listens hears of a customer's orders in their order. */
export const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (order) => order.customerId, schema: orderPlaced },
  'order.cancelled': { topic: 'orders', key: (order) => order.customerId, schema: orderCancelled },
})
