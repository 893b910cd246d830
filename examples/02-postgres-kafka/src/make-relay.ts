import { Relay } from '@waybill/core'
import { kafkaPublisher } from '@waybill/kafka'
import { config, kafka } from './config.ts'
import { storage } from './shop.ts'

/** A relay for this process. As many as you like may run: they share the work, and take over from each other. */
export function makeRelay(): Relay {
  const publisher = kafkaPublisher(kafka)
  const leaseMs = config.RELAY_LEASE_MS
  const relay = new Relay({
    storage,
    publisher,
    label: `shop ${process.pid}`,
    leaseMs,
  })
  // What it gets over by itself, and operators want to know. Errors are written to stderr if nobody listens.
  relay.on('circuitOpened', ({ topic, error }) =>
    console.error(`relay: '${topic}' cannot be reached: ${error.message}`),
  )
  relay.on('brokerUnavailable', ({ error }) => console.error(`relay: ${error.message}`))
  relay.on('dead', ({ message, error }) =>
    console.error(`relay: ${message.type} ${message.id} is dead: ${error.message}`),
  )
  return relay
}
