import { defineMessages } from '@waybill/core'
import { z } from 'zod'

export const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (order) => order.id,
    schema: z.object({ id: z.string(), total: z.number() }),
  },
})
