import type { ConsumerHarness, InboxHarness, PublisherHarness, StorageHarness, TimeControl } from '@waybill/conformance'
import { StorageError } from '@waybill/core/contracts'
import {
  dropConnections,
  type MemoryConsumer,
  type MemoryTransaction,
  memoryBroker,
  memoryConsumer,
  memoryDatabase,
  memoryInbox,
  memoryPublisher,
  memoryStorage,
} from '../src/index.ts'

/** A clock that stands still until a rule moves it. */
function virtualClock(): TimeControl & { readonly now: () => number } {
  let now = 1_800_000_000_000
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}

export async function storage(): Promise<StorageHarness<MemoryTransaction>> {
  const clock = virtualClock()
  const database = memoryDatabase({ now: clock.now })
  let reachable = true
  const schedule = async () => {
    if (!reachable) throw new StorageError('STORAGE_UNAVAILABLE', 'The database is cut off')
  }
  const open = () => memoryStorage({ database, monotonicNow: clock.now, schedule })
  const first = open()
  return {
    storage: first,
    runner: first,
    time: clock,
    disrupt: {
      async cut() {
        reachable = false
        dropConnections(database)
      },
      async restore() {
        reachable = true
      },
    },
    reopen: async () => open(),
    async openTransaction() {
      const tx = database.begin()
      return { tx, commit: async () => tx.commit(), rollback: async () => tx.rollback() }
    },
    transactionSync(work) {
      const tx = database.begin()
      try {
        work(tx)
      } catch (error) {
        tx.rollback()
        throw error
      }
      tx.commit()
    },
    async plainInsert(rows) {
      const tx = database.begin()
      const defaults = { contentType: 'application/json', headers: {}, schemaVersion: 1, createdAt: clock.now() }
      tx.insertMessages(rows.map((row) => ({ ...defaults, ...row })))
      tx.commit()
    },
    close: () => first.close(),
  }
}

export async function inbox(): Promise<InboxHarness<MemoryTransaction>> {
  const clock = virtualClock()
  const database = memoryDatabase({ now: clock.now })
  const open = () => {
    const opened = memoryInbox({ database })
    return { inbox: opened, runner: opened }
  }
  return { ...open(), time: clock, reopen: async () => open(), close: async () => undefined }
}

export async function publisher(): Promise<PublisherHarness> {
  const broker = memoryBroker()
  const opened = memoryPublisher({ broker })
  let reachable = true
  broker.onPublish = ({ topic }) => {
    if (topic === 'missing') return { type: 'unavailable', scope: 'topic' }
    return reachable ? { type: 'accept' } : { type: 'unavailable', scope: 'broker' }
  }
  return {
    publisher: opened,
    topics: ['orders', 'mail'],
    missingTopic: 'missing',
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

export async function consumer(): Promise<ConsumerHarness> {
  const broker = memoryBroker()
  const opened: MemoryConsumer[] = []
  const open = () => {
    const another = memoryConsumer({ broker })
    opened.push(another)
    return another
  }
  const first = open()
  return {
    consumer: first,
    topics: ['orders', 'mail'],
    groups: ['billing', 'mailer'],
    async publish(messages) {
      for (const message of messages) broker.append(message)
    },
    another: async () => open(),
    crash: async () => first.crash(),
    publishForeign: async (topic, raw) => broker.appendForeign(topic, raw),
    async close() {
      for (const each of opened) each.crash()
    },
  }
}
