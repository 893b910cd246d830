import { setTimeout as wait } from 'node:timers/promises'
import { runConsumer } from '../../src/consumer/run-consumer.ts'

// A consumer that acknowledges a message when it has got it, and handles it when it has time.

const dawdleMs = 300

await runConsumer(({ source, inbox }) => ({
  inbox,
  source: {
    specificationVersion: 'v1',
    name: source.name,
    capabilities: source.capabilities,
    consume: (subscription, handle) =>
      source.consume(subscription, async (delivery) => {
        void wait(dawdleMs)
          .then(() => handle(delivery))
          .catch(() => undefined)
        return { type: 'ack' }
      }),
    close: () => source.close(),
  },
}))
