import { runConsumer } from '../../src/consumer/run-consumer.ts'

// A consumer that writes no receipts: each message is new to it.

await runConsumer(({ source, inbox }) => ({
  source,
  inbox: { ...inbox, record: async (_, receipts) => receipts.map(() => 'recorded') },
}))
