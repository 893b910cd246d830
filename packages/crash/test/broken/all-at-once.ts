import { runConsumer } from '../../src/consumer/run-consumer.ts'

// A consumer that takes each message for a key of its own, and handles those of one key side by side.

await runConsumer(({ source, inbox }) => ({
  inbox,
  source: {
    specificationVersion: 'v1',
    name: source.name,
    capabilities: source.capabilities,
    consume: (subscription, handle) =>
      source.consume(subscription, (delivery) => {
        if (delivery.message === undefined) return handle(delivery)
        return handle({ ...delivery, message: { ...delivery.message, orderingKey: delivery.message.id } })
      }),
    close: () => source.close(),
  },
}))
