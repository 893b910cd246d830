import { Consumer, Relay, stopOnSignals } from '@waybill/core'
import { kafkaConsumer, kafkaPublisher } from '@waybill/kafka'
import { config, kafka } from './config.ts'
import { inbox, migrate, outbox, pool, storage } from './database.ts'
import { decide } from './decide.ts'
import { messages } from './messages.ts'
import { inboxWithSteps, publisherWithSteps, reached } from './steps.ts'

// The service that decides about credits: a consumer of the requests, and a relay of the answers. As many of these as you like
// may run: they share the customers, and take over from each other.

await migrate()
const consumer = new Consumer({
  name: 'credit',
  group: `${config.KAFKA_PREFIX}credit`,
  source: kafkaConsumer({ ...kafka, sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS }),
  inbox: inboxWithSteps(inbox),
  outbox,
  messages,
})
consumer.on('credit.requested', decide)
consumer.on('processed', () => reached('after-commit'))

const leaseMs = config.RELAY_LEASE_MS
const relay = new Relay({
  storage,
  publisher: publisherWithSteps(kafkaPublisher(kafka)),
  leaseMs,
})
relay.on('published', () => reached('after-publish'))
// What it gets over by itself, and operators want to know. Errors are written to stderr if nobody listens.
relay.on('circuitOpened', ({ topic, error }) => console.error(`relay: '${topic}' cannot be reached: ${error.message}`))
relay.on('brokerUnavailable', ({ error }) => console.error(`relay: ${error.message}`))
relay.on('dead', ({ message, error }) =>
  console.error(`relay: ${message.type} ${message.id} is dead: ${error.message}`),
)

stopOnSignals([consumer, relay])
await relay.start()
await consumer.start()
console.log('credit: started')
// Rejects if one of them gives up, which ends the process with an error.
await Promise.all([consumer.closed, relay.closed])
await storage.close()
await pool.end()
console.log('credit: stopped')
