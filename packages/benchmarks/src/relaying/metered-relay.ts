import { Relay, type RelayOptions } from '@waybill/core'
import type { OpenStorage } from '../outbox/outbox-database.ts'
import { type MeteredPublisherOptions, meteredPublisher } from './metered-publisher.ts'

export interface MeteredRelayOptions extends MeteredPublisherOptions {
  readonly relay?: Omit<RelayOptions, 'storage' | 'publisher'>
}

/** What a relay reaches while it works off a backlog. Closes the storage. */
export async function relayedPerSecond(open: OpenStorage, options: MeteredRelayOptions): Promise<number> {
  await using opened = open
  const { publisher, rate } = meteredPublisher(options)
  await using relay = new Relay({ ...options.relay, storage: opened.storage, publisher })
  const broken = Promise.withResolvers<never>()
  relay.on('error', broken.reject)
  relay.on('anomaly', ({ messages }) => broken.reject(new Error(`A sweep found ${messages} messages that were lost`)))
  await relay.start()
  return await Promise.race([rate, broken.promise])
}
