import type { BrokerConsumer } from '@waybill/core/contracts'
import { notWritten } from './not-written.ts'
import type { AcmeOptions } from './options.ts'

/** Takes messages from Acme. */
export function acmeConsumer(_options: AcmeOptions = {}): BrokerConsumer {
  return {
    specificationVersion: 'v1',
    name: 'acme',
    // What order the broker keeps in handing out, and whether it delivers again after a delay by itself.
    capabilities: { ordering: 'none', delayedRetry: false },
    consume: () =>
      notWritten(
        'BrokerConsumer.consume',
        "call handle in the broker's order, without waiting for it, up to maxInFlight; acknowledge what resolves with ack, deliver again what resolves with retry, rejects, or had no answer when the process ended",
      ),
    async close() {
      // End the subscriptions, then let go of the connection. Nothing is open yet.
    },
  }
}
