import type { BrokerPublisher, PublishOutcome } from '@waybill/core/contracts'

const accepted: PublishOutcome = Object.freeze({ type: 'accepted' })

/** A broker that accepts everything at once, so that only what is ours is measured. */
export function acceptingPublisher(): BrokerPublisher {
  return {
    specificationVersion: 'v1',
    name: 'accepting',
    capabilities: { atomicPerKey: true, maxMessageBytes: 2 ** 20, maxBatchMessages: 10_000 },
    publish: async (messages) => messages.map(() => accepted),
    close: async () => undefined,
  }
}
