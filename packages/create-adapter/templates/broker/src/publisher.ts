import type { BrokerPublisher } from '@waybill/core/contracts'
import { notWritten } from './not-written.ts'
import type { AcmeOptions } from './options.ts'

/** Publishes to Acme. It should connect at the first call, and anew when a connection was lost. */
export function acmePublisher(options: AcmeOptions = {}): BrokerPublisher {
  return {
    specificationVersion: 'v1',
    name: 'acme',
    capabilities: {
      // true only if a later message of a key is never accepted without the earlier ones of the call.
      atomicPerKey: false,
      maxMessageBytes: options.maxMessageBytes ?? 1_048_576,
      maxBatchMessages: 500,
    },
    publish: () =>
      notWritten(
        'BrokerPublisher.publish',
        'hand each message to the broker once, and answer one outcome for each by its index: accepted only for what is durable, unknown for what may have been taken',
      ),
    async close() {
      // Wait for calls under way, then let go of the connection. Nothing is open yet.
    },
  }
}
