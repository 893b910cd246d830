import { defineMessages } from '@waybill/core'
import { z } from 'zod'

export const creditRequested = z.object({
  /** The asker's. It is the message's id too: who asks again with the same gets the answer that there is. */
  requestId: z.string(),
  customerId: z.string(),
  cents: z.int().positive(),
})

export const creditDecided = creditRequested.extend({
  granted: z.boolean(),
  /** What the customer has been granted in all, with this. */
  usedCents: z.int(),
})

/** The customer is the key: requests are decided in the order in which the customer asked, and answered in that order. */
export const messages = defineMessages({
  'credit.requested': { topic: 'credit-requests', key: (request) => request.customerId, schema: creditRequested },
  'credit.decided': { topic: 'credit-answers', key: (answer) => answer.customerId, schema: creditDecided },
})
