import type { BrokerPublisher } from '@waybill/core/contracts'

/** The header by which the broker's log says who has published a message. */
export const relayHeader = 'crash-relay'

export function stampedPublisher(publisher: BrokerPublisher, relay: string): BrokerPublisher {
  return {
    specificationVersion: publisher.specificationVersion,
    name: publisher.name,
    capabilities: publisher.capabilities,
    ...(publisher.readiness === undefined ? {} : { readiness: publisher.readiness }),
    publish: (messages, options) =>
      publisher.publish(
        messages.map((message) => ({ ...message, headers: { ...message.headers, [relayHeader]: relay } })),
        options,
      ),
    close: () => publisher.close(),
  }
}
