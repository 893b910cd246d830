import { defineMessages } from '@waybill/core'
import { z } from 'zod'

const stockReserved = z.object({
  orderId: z.string(),
  sku: z.string(),
  quantity: z.int().positive(),
  /** In stock after it. */
  left: z.int().nonnegative(),
})

/** What the shop tells the warehouse. The article is the key: what is left of it is heard in the order in which it shrank. */
export const messages = defineMessages({
  'stock.reserved': { topic: 'stock', key: (reserved) => reserved.sku, schema: stockReserved },
})
