import { stopOnSignals } from '@waybill/core'
import { type FastifyReply, fastify } from 'fastify'
import { z } from 'zod'
import { closeCache } from './cache.ts'
import { config } from './config.ts'
import { migrate, pool, storage } from './database.ts'
import { readIdempotencyKey } from './idempotency-key.ts'
import { paymentRequest } from './messages.ts'
import { commands, pay } from './pay.ts'
import { type Problem, problem, problemOf } from './problem.ts'

// The service that takes payments. Its messages wait in the outbox for a relay, as in example 02.

await migrate()
const app = fastify()

app.post('/payments', async (request, reply) => {
  const key = readIdempotencyKey(request.headers['idempotency-key'])
  if (key === undefined) {
    return await send(reply, problem(400, 'Idempotency-Key must be a string in quotes, of 1 to 255 characters'))
  }
  const { success, data, error } = paymentRequest.safeParse(request.body)
  if (!success) return await send(reply, problem(400, z.prettifyError(error)))
  return await reply.code(201).send(await pay(key, data))
})

app.setErrorHandler(async (error, _request, reply) => {
  const found = problemOf(error)
  if (found.status >= 500) console.error('payments:', error)
  return await send(reply, found)
})

function send(reply: FastifyReply, { retryable, ...body }: Problem): FastifyReply {
  if (retryable) reply.header('retry-after', '1')
  return reply.code(body.status).type('application/problem+json').send(body)
}

// Keys of a day ago are new again; somebody has to remove their results.
const pruning = setInterval(() => {
  commands.prune().catch((error: unknown) => console.error('payments:', error))
}, 3_600_000)

const stopped = Promise.withResolvers<void>()
stopOnSignals([{ stop: () => app.close().finally(stopped.resolve) }])
console.log(`payments: listening on ${await app.listen({ port: config.PORT })}`)
await stopped.promise
clearInterval(pruning)
closeCache()
await storage.close()
await pool.end()
console.log('payments: stopped')
