import { stopOnSignals } from '@waybill/core'
import { fastify } from 'fastify'
import { z } from 'zod'
import { config } from './config.ts'
import { migrate, pool } from './database.ts'
import { makeRelay } from './make-relay.ts'
import { cancelOrder, placeOrder, storage } from './shop.ts'

// The service that takes orders, with a relay beside it unless WAYBILL_RELAY_ENABLED=false.

const orderRequest = z.object({ customerId: z.string().min(1), totalCents: z.int().positive() })

await migrate()
const relay = makeRelay()
const app = fastify()

app.post('/orders', async (request, reply) => {
  const { success, data, error } = orderRequest.safeParse(request.body)
  if (!success) return await reply.code(400).send({ error: z.prettifyError(error) })
  return await reply.code(201).send(await placeOrder(data.customerId, data.totalCents))
})

app.post<{ Params: { id: string } }>('/orders/:id/cancel', async (request, reply) => {
  const { success } = z.uuid().safeParse(request.params.id)
  const cancelled = success && (await cancelOrder(request.params.id))
  return await reply.code(cancelled ? 204 : 404).send()
})

/** Whether this process can do its work, and how far the outbox is behind. */
app.get('/health', async (_request, reply) => {
  const health = await relay.health()
  return await reply.code(health.storageError === null ? 200 : 503).send(health)
})

stopOnSignals([{ stop: () => app.close() }, relay])
await relay.start()
console.log(`orders: listening on ${await app.listen({ port: config.PORT })}`)
await relay.closed
await storage.close()
await pool.end()
console.log('orders: stopped')
