import { Relay } from '@waybill/core'
import { redisStreamsPublisher } from '@waybill/redis-streams'
import { config, streams } from './config.ts'
import { storage } from './sell.ts'

/** A relay on the till's file, for the till's own process or for another one of the same machine. */
export function makeRelay(): Relay {
  const leaseMs = config.RELAY_LEASE_MS
  const label = `${config.TILL_ID} ${process.pid}`
  return new Relay({
    storage,
    publisher: redisStreamsPublisher(streams),
    label,
    leaseMs,
    publishTimeoutMs: Math.floor(leaseMs / 3),
  })
}
