import { defineMessages } from '@waybill/core'
import { z } from 'zod'

const saleMade = z.object({
  till: z.string(),
  /** 1 for the first sale of the till; the next one has the next number. */
  number: z.int().positive(),
  cents: z.int().positive(),
})

const tillCounted = z.object({
  till: z.string(),
  /** Of all sales so far. */
  sales: z.int().nonnegative(),
  cents: z.int().nonnegative(),
})

/** What tills tell the head office. The till is the key, so that its sales have all been heard of when it is counted. */
export const messages = defineMessages({
  'sale.made': { topic: 'sales', key: (sale) => sale.till, schema: saleMade },
  'till.counted': { topic: 'sales', key: (count) => count.till, schema: tillCounted },
})
