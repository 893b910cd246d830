import { describeInbox, describeRelay, describeStorage, type PublisherHarness, pairHarness } from '@waybill/conformance'
import { memoryPublisher } from '@waybill/memory'
import { describe, it } from 'vitest'
import { inbox, storage } from './harness.ts'

// Much of a rule's time is waiting for short leases to end: five rules wait at a time.
const runner = { describe: describe.concurrent, it }

describeStorage('sqlite', runner, storage, { stress: 2 })
describeInbox('sqlite', runner, inbox, { stress: 2 })
describeRelay('sqlite with the memory broker', runner, pairHarness(storage, publisher))

/** The broker of the relay rules, which are about the storage here. */
async function publisher(): Promise<PublisherHarness> {
  const opened = memoryPublisher()
  return {
    publisher: opened,
    topics: ['orders', 'invoices'],
    read: async (topic) => opened.published.filter((message) => message.topic === topic),
    close: () => opened.close(),
  }
}
