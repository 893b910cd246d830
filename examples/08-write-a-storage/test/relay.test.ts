import { describeRelay, type PublisherHarness, pairHarness } from '@waybill/conformance'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { describe, it } from 'vitest'
import { storage, virtualClock } from './harness.ts'

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
    time: virtualClock(),
    close: () => opened.close(),
  }
}

describeRelay('node-sqlite with a broker in memory', { describe, it }, pairHarness(storage, publisher), { stress: 1 })
