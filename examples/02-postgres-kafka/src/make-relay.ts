import { Relay } from '@waybill/core'
import { kafkaPublisher } from '@waybill/kafka'
import { config, kafka } from './config.ts'
import { storage } from './shop.ts'

/** A relay for this process. As many as you like may run: they share the work, and take over from each other. */
export function makeRelay(): Relay {
  const publisher = kafkaPublisher(kafka)
  const leaseMs = config.RELAY_LEASE_MS
  return new Relay({
    storage,
    publisher,
    label: `shop ${process.pid}`,
    leaseMs,
    publishTimeoutMs: Math.floor(leaseMs / 3),
  })
}
