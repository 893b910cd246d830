import {
  describeInbox,
  describeRelay,
  describeStorage,
  type PublisherHarness,
  pairHarness,
  type TestRunner,
} from '@waybill/conformance'
import { onServer, sharedPgBouncer } from '@waybill/conformance/containers'
import { memoryPublisher } from '@waybill/memory'
import { afterAll, describe, it } from 'vitest'
import { close, inbox, storage, variants } from './harness.ts'
import { server } from './server.ts'

afterAll(close)

const pooler = await sharedPgBouncer()

/** Much of a rule's time is waiting for short leases to end: five rules wait at a time. The kit ends those that hang. */
const runner: TestRunner = {
  describe: describe.concurrent,
  it: (name, body) => it(name, { timeout: 100_000 }, (...context) => body(...context)),
}

onServer(server, { it }, () => {
  describeStorage('postgres', runner, storage, { stress: 2 })
  describeInbox('postgres', runner, inbox, { stress: 2 })
  describeRelay('postgres with the memory broker', runner, pairHarness(storage, publisher))
  const byKysely = variants['postgres-kysely']
  describeStorage('postgres by Kysely', runner, byKysely.storage, { stress: 2 })
  describeInbox('postgres by Kysely', runner, byKysely.inbox, { stress: 2 })
  describeStorage('postgres with a history by day', runner, variants['postgres-history'].storage, { stress: 2 })
  onServer(pooler, { it }, () => {
    const behind = variants['postgres-pgbouncer']
    describeStorage('postgres behind PgBouncer', runner, behind.storage, { stress: 2 })
    describeInbox('postgres behind PgBouncer', runner, behind.inbox, { stress: 2 })
    describeRelay('postgres behind PgBouncer', runner, pairHarness(behind.storage, publisher))
  })
})

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
