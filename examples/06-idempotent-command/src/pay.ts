import { randomUUID } from 'node:crypto'
import { Commands } from '@waybill/core'
import type { PoolClient } from 'pg'
import { cache } from './cache.ts'
import { config } from './config.ts'
import { inbox, outbox } from './database.ts'
import type { Payment, PaymentRequest } from './messages.ts'

const { WHEN_BUSY: whenBusy, CACHE_TIMEOUT_MS: cacheTimeoutMs } = config
export const commands = new Commands({ inbox, cache, cacheTimeoutMs, whenBusy })

/** Makes a payment, or answers the one that was made with this key. The key, the payment and its message commit together. */
export async function pay(key: string, request: PaymentRequest): Promise<Payment> {
  // Where clients log in, the scope names the client too: two of them may make up the same key.
  const command = { scope: 'POST /payments', key, request }
  const { result } = await commands.execute(command, (tx) => makePayment(tx, request))
  return result
}

async function makePayment(tx: PoolClient, { accountId, cents }: PaymentRequest): Promise<Payment> {
  const payment = { paymentId: randomUUID(), accountId, cents }
  await tx.query('insert into payments values ($1, $2, $3)', [payment.paymentId, accountId, cents])
  await outbox.enqueue(tx, 'payment.made', payment)
  return payment
}
