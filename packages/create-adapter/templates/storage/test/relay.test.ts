import { describeRelay, type PublisherHarness, pairHarness } from '@waybill/conformance'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { describe, it } from 'vitest'
import { storage } from './harness.ts'

/** A broker in memory: what fails here is the storage's. */
async function publisher(): Promise<PublisherHarness> {
  const broker = memoryBroker()
  const opened = memoryPublisher({ broker })
  let reachable = true
  broker.onPublish = () => (reachable ? { type: 'accept' } : { type: 'unavailable', scope: 'broker' })
  return {
    publisher: opened,
    topics: ['orders', 'mail'],
    read: async (topic) => broker.log.flatMap((record) => (record.topic === topic ? (record.message ?? []) : [])),
    disrupt: {
      async cut() {
        reachable = false
      },
      async restore() {
        reachable = true
      },
    },
    // Nothing waits in it: a virtual clock of the storage may move as it likes.
    time: { now: Date.now, advance: () => undefined },
    close: () => opened.close(),
  }
}

// Take away `.skip` when the storage rules are green: until then every rule would wait for nothing.
describeRelay('acme with a broker in memory', { describe: describe.skip, it }, pairHarness(storage, publisher), {
  stress: 1,
})
