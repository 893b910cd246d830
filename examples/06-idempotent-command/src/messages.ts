import { defineMessages } from '@waybill/core'
import { z } from 'zod'

export const paymentRequest = z.strictObject({ accountId: z.string().min(1), cents: z.int().positive() })
export type PaymentRequest = z.infer<typeof paymentRequest>

const payment = paymentRequest.extend({ paymentId: z.uuid() })
export type Payment = z.infer<typeof payment>

/** What the world is told. The account is the key: whoever listens hears of an account's payments in their order. */
export const messages = defineMessages({
  'payment.made': { topic: 'payments', key: ({ accountId }) => accountId, schema: payment },
})
