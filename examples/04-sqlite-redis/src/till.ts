import { stopOnSignals } from '@waybill/core'
import { fastify } from 'fastify'
import { z } from 'zod'
import { config } from './config.ts'
import { makeRelay } from './make-relay.ts'
import { countTill, database, sell, storage } from './sell.ts'

// A till: one process with everything in it, the relay too. It sells whether or not the office can be reached.

const saleRequest = z.object({ cents: z.int().positive() })

const relay = makeRelay()
const app = fastify()

app.post('/sales', async (request, reply) => {
  const { success, data, error } = saleRequest.safeParse(request.body)
  if (!success) return await reply.code(400).send({ error: z.prettifyError(error) })
  return await reply.code(201).send(sell(data.cents))
})

app.post('/count', async () => countTill())

/** `pending` grows while the office cannot be reached: that is no reason to restart the till. */
app.get('/health', async (_request, reply) => {
  const health = await relay.health()
  return await reply.code(health.storageError === null ? 200 : 503).send(health)
})

stopOnSignals([{ stop: () => app.close() }, relay])
await relay.start()
console.log(`till: listening on ${await app.listen({ port: config.PORT })}`)
await relay.closed
await storage.close()
database.close()
console.log('till: stopped')
