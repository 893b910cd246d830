import type { PublisherHarness, TestRunner, VerifyOptions } from '@waybill/conformance'
import { memoryPublisher } from '@waybill/memory'
import { describe, it } from 'vitest'

/** Much of a rule's time is waiting for short leases to end: five rules wait at a time. Those that take a server down wait for their turn on it. */
export const runner: TestRunner = {
  describe: (name, body) => describe.concurrent(name, body),
  it: (name, body) => it(name, { timeout: 120_000 }, body),
}

export const options: VerifyOptions = { stress: 2 }

/** The broker of the relay rules, which are about the storage here. */
export async function publisher(): Promise<PublisherHarness> {
  const opened = memoryPublisher()
  return {
    publisher: opened,
    topics: ['orders', 'invoices'],
    read: async (topic) => opened.published.filter((message) => message.topic === topic),
    close: () => opened.close(),
  }
}
