import { describeInbox, describeRelay, describeStorage, type PublisherHarness, pairHarness } from '@waybill/conformance'
import { memoryPublisher } from '@waybill/memory'
import { afterAll, describe, it } from 'vitest'
import { close, inbox, storage, variants } from './harness.ts'
import { onEachServer } from './servers.ts'

// Much of a rule's time is waiting for short leases to end: five rules wait at a time.
// Those that take a server down wait for their turn on it.
const concurrently = (name: string, body: () => void) => describe.concurrent(name, body)
const runner = { describe: concurrently, it: patiently }
const options = { stress: 2 }

afterAll(close)

await onEachServer(({ name }) => {
  if (name === 'MySQL') {
    describeStorage('mysql', runner, storage, options)
    describeInbox('mysql', runner, inbox)
    describeRelay('mysql with the memory broker', runner, pairHarness(storage, publisher))
    const byKysely = variants['mysql-kysely']
    describeStorage('mysql by Kysely', runner, byKysely.storage, options)
    describeInbox('mysql by Kysely', runner, byKysely.inbox)
  } else {
    const { mariadb, 'mariadb-no-floor': noFloor } = variants
    describeStorage('mariadb', runner, mariadb.storage, options)
    describeInbox('mariadb', runner, mariadb.inbox)
    describeRelay('mariadb with the memory broker', runner, pairHarness(mariadb.storage, publisher))
    describeStorage('mariadb without a view of the locks', runner, noFloor.storage, options)
  }
}, concurrently)

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

function patiently(name: string, body: (...context: readonly unknown[]) => Promise<void>): void {
  it(name, { timeout: 120_000 }, body)
}
