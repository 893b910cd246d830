import type { ConsumedMessage, HandlerContext, TypesOf } from '@waybill/core'
import type { PoolClient } from 'pg'
import type { z } from 'zod'
import type { creditRequested, messages } from './messages.ts'
import { reached } from './steps.ts'

type Request = ConsumedMessage<z.infer<typeof creditRequested>>
type Context = HandlerContext<PoolClient, TypesOf<typeof messages>>

/** What a customer may be granted in all. */
const limitCents = 100_000

/** Decides a request and answers it. The receipt, the outcome and the answer commit together, or none of them. */
export async function decide({ payload }: Request, { tx, outbox }: Context): Promise<void> {
  reached('after-receipt')
  const { customerId, cents } = payload
  const before = await lockCustomer(tx, customerId)
  const granted = before + cents <= limitCents
  const decision = { ...payload, granted, usedCents: granted ? before + cents : before }
  reached('after-decision')
  await tx.query('update customers set used_cents = $2 where id = $1', [customerId, decision.usedCents])
  await tx.query(
    'insert into decisions (request_id, customer_id, cents, granted, used_cents) values ($1, $2, $3, $4, $5)',
    [payload.requestId, customerId, cents, granted, decision.usedCents],
  )
  reached('after-outcome')
  await outbox.enqueue('credit.decided', decision)
  reached('after-enqueue')
}

/** Answers what the customer has been granted so far; nobody else decides for this customer until the commit. */
async function lockCustomer(tx: PoolClient, customerId: string): Promise<number> {
  const { rows } = await tx.query<{ usedCents: number }>(
    `insert into customers values ($1, 0)
     on conflict (id) do update set used_cents = customers.used_cents returning used_cents as "usedCents"`,
    [customerId],
  )
  return rows[0]?.usedCents ?? 0
}
