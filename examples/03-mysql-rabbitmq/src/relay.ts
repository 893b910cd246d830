import { Relay, stopOnSignals } from '@waybill/core'
import { rabbitmqPublisher } from '@waybill/rabbitmq'
import { config, names, rabbitmq } from './config.ts'
import { migrate, pool } from './database.ts'
import { storage } from './shop.ts'

// As many of these as you like may run: they share the work, and take over from each other.

await migrate()
const publisher = rabbitmqPublisher({
  rabbitmq,
  route: ({ topic, type }) => ({ exchange: names.exchange(topic), routingKey: type }),
})
const relay = new Relay({
  storage,
  publisher,
  label: `shop ${process.pid}`,
  leaseMs: config.RELAY_LEASE_MS,
  // MySQL cannot wake a relay in another process: it looks so often, also after a quiet time.
  pollIntervalMs: 200,
  idlePollIntervalMs: 1000,
})
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
