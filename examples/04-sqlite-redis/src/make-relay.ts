import { Relay } from '@waybill/core'
import { redisStreamsPublisher } from '@waybill/redis-streams'
import { config, streams } from './config.ts'
import { storage } from './sell.ts'

/** A relay on the till's file, for the till's own process or for another one of the same machine. */
export function makeRelay(): Relay {
  const leaseMs = config.RELAY_LEASE_MS
  const label = `${config.TILL_ID} ${process.pid}`
  const relay = new Relay({
    storage,
    publisher: redisStreamsPublisher(streams),
    label,
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
