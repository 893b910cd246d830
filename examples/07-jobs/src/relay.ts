import { Relay, stopOnSignals } from '@waybill/core'
import { bullmqPublisher } from './bullmq/publisher.ts'
import { config } from './config.ts'
import { migrate, pool, storage } from './database.ts'

// As many of these as you like may run: they share the work, and take over from each other.

await migrate()
const publisher = bullmqPublisher({
  url: config.REDIS_URL,
  prefix: config.BULLMQ_PREFIX,
  // Failed jobs stay, for BullMQ's own tools to look at and to try again. Done ones are kept for an hour: until then BullMQ
  // itself knows a job that comes twice, and the inbox does after it too.
  jobs: { attempts: 10, backoff: { type: 'exponential', delay: 500 }, removeOnComplete: { age: 3600 } },
})
const leaseMs = config.RELAY_LEASE_MS
const relay = new Relay({ storage, publisher, leaseMs })
// What it gets over by itself, and operators want to know. Errors are written to stderr if nobody listens.
relay.on('circuitOpened', ({ topic, error }) => console.error(`relay: '${topic}' cannot be reached: ${error.message}`))
relay.on('brokerUnavailable', ({ error }) => console.error(`relay: ${error.message}`))
relay.on('dead', ({ message, error }) =>
  console.error(`relay: ${message.type} ${message.id} is dead: ${error.message}`),
)
stopOnSignals([relay])
await relay.start()
console.log('relay: started')
// Rejects if the relay gives up, which ends the process with an error.
await relay.closed
await storage.close()
await pool.end()
console.log('relay: stopped')
