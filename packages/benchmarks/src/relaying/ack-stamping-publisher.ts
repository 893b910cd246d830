import type { BrokerPublisher } from '@waybill/core/contracts'
import { monotonicMs, type StampingPublisher } from './stamping-publisher.ts'

/** A publisher that takes note of when the broker had confirmed each message. */
export function ackStampingPublisher(publisher: BrokerPublisher): StampingPublisher {
  const stamps = new Map<string, number>()
  const { specificationVersion, name, capabilities, readiness } = publisher
  return {
    stamps,
    publisher: {
      specificationVersion,
      name,
      capabilities,
      ...(readiness === undefined ? {} : { readiness }),
      async publish(messages, options) {
        const outcomes = await publisher.publish(messages, options)
        const now = monotonicMs()
        for (const [index, { id }] of messages.entries()) if (outcomes[index]?.type === 'accepted') stamps.set(id, now)
        return outcomes
      },
      close: () => publisher.close(),
    },
  }
}
