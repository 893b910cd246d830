import { Relay, type RelayOptions } from '@waybill/core'
import { StorageError } from '@waybill/core/contracts'
import {
  dropConnections,
  type MemoryBroker,
  type MemoryConsumer,
  type MemoryDatabase,
  type MemoryInbox,
  type MemoryPublisher,
  type MemoryStorage,
  type MemoryStorageOptions,
  type MemoryTransaction,
  memoryBroker,
  memoryConsumer,
  memoryDatabase,
  memoryInbox,
  memoryPublisher,
  memoryStorage,
} from '@waybill/memory'
import {
  type ConsumerHarness,
  type EffectsHarness,
  effectsHarness,
  type InboxHarness,
  type PublisherHarness,
  type RelayHarness,
  type StorageHarness,
} from '../src/index.ts'
import { virtualClock } from './virtual-clock.ts'

/** How a mutant is put into the harness of the memory adapter. */
export interface StorageMutation {
  /** Replaces methods of the storage. Applied to each process' storage. */
  readonly storage?: (storage: MemoryStorage) => Partial<MemoryStorage>
  readonly options?: (options: Required<Pick<MemoryStorageOptions, 'database'>>) => MemoryStorageOptions
}

/** The memory adapter under a virtual clock. */
export async function memoryHarness(mutation: StorageMutation = {}): Promise<StorageHarness<MemoryTransaction>> {
  const clock = virtualClock()
  const database = memoryDatabase({ now: clock.now })
  const line = connectionLine(database)
  const open = (): MemoryStorage => {
    const options = { database, monotonicNow: clock.now, schedule: line.schedule }
    const storage = memoryStorage({ ...options, ...mutation.options?.(options) })
    return { ...storage, ...mutation.storage?.(storage) }
  }
  const storage = open()
  const runner = storage
  return {
    storage,
    runner,
    close: async () => undefined,
    time: clock,
    disrupt: line,
    reopen: async () => open(),
    transactionSync(work) {
      const tx = database.begin()
      try {
        work(tx)
        tx.commit()
      } catch (error) {
        tx.rollback()
        throw error
      }
    },
    async openTransaction() {
      const tx = database.begin()
      return { tx, commit: async () => tx.commit(), rollback: async () => tx.rollback() }
    },
    async plainInsert(rows) {
      const tx = database.begin()
      tx.insertMessages(rows.map((row) => ({ ...defaults, ...row })))
      tx.commit()
    },
  }
}

/** The way from the storage to its database, which can be cut. */
function connectionLine(database: MemoryDatabase) {
  let isCut = false
  return {
    schedule: async () => {
      if (isCut) throw new StorageError('STORAGE_UNAVAILABLE', 'The memory database cannot be reached')
    },
    async cut() {
      isCut = true
      dropConnections(database)
    },
    async restore() {
      isCut = false
    },
  }
}

const defaults = { contentType: 'application/json', headers: {}, schemaVersion: 1, createdAt: 0 }

/** Replaces methods of the inbox. Applied to each process' inbox. */
export type InboxMutation = (inbox: MemoryInbox) => Partial<MemoryInbox>

export async function memoryInboxHarness(
  mutation: InboxMutation = () => ({}),
): Promise<InboxHarness<MemoryTransaction>> {
  const clock = virtualClock()
  const database = memoryDatabase({ now: clock.now })
  const open = () => {
    const plain = memoryInbox({ database })
    const inbox = { ...plain, ...mutation(plain) }
    return { inbox, runner: inbox }
  }
  return { ...open(), time: clock, reopen: async () => open(), close: async () => undefined }
}

/** Replaces methods of the publisher. */
export type PublisherMutation = (publisher: MemoryPublisher, broker: MemoryBroker) => Partial<MemoryPublisher>

export async function memoryPublisherHarness(mutation: PublisherMutation = () => ({})): Promise<PublisherHarness> {
  const clock = virtualClock()
  const broker = memoryBroker({ timer: clock.timer })
  let reachable = true
  broker.onPublish = ({ topic }) => {
    if (topic === 'missing') return { type: 'unavailable', scope: 'topic' }
    return reachable ? { type: 'accept' } : { type: 'unavailable', scope: 'broker' }
  }
  const plain = memoryPublisher({ broker, maxBatchMessages: 100 })
  return {
    publisher: { ...plain, ...mutation(plain, broker) },
    topics: ['orders', 'mail'],
    read: async (topic) => broker.log.flatMap((record) => (record.topic === topic ? (record.message ?? []) : [])),
    missingTopic: 'missing',
    disrupt: {
      async cut() {
        reachable = false
      },
      async restore() {
        reachable = true
      },
    },
    time: clock,
    close: () => plain.close(),
  }
}

/** Replaces methods of the consumer. Applied to each process' consumer. */
export type ConsumerMutation = (consumer: MemoryConsumer, broker: MemoryBroker) => Partial<MemoryConsumer>

export async function memoryConsumerHarness(mutation: ConsumerMutation = () => ({})): Promise<ConsumerHarness> {
  const clock = virtualClock()
  const broker = memoryBroker({ timer: clock.timer })
  const opened: MemoryConsumer[] = []
  const open = () => {
    const plain = memoryConsumer({ broker })
    opened.push(plain)
    return { ...plain, ...mutation(plain, broker) }
  }
  const consumer = open()
  return {
    consumer,
    topics: ['orders', 'mail'],
    groups: ['billing', 'mailer'],
    async publish(messages) {
      for (const message of messages) broker.append(message)
    },
    another: async () => open(),
    crash: async () => consumer.crash(),
    publishForeign: async (topic, raw) => broker.appendForeign(topic, raw),
    time: clock,
    async close() {
      for (const each of opened) each.crash()
    },
  }
}

/** How a mutant is put between the real relay, the memory storage and the memory broker. */
export interface RelayMutation {
  readonly storage?: (storage: MemoryStorage) => Partial<MemoryStorage>
  readonly publisher?: PublisherMutation
  /** Changes what the relay is made of. */
  readonly options?: (options: RelayOptions) => Partial<RelayOptions>
  readonly relay?: (options: RelayOptions) => Relay
}

export async function memoryRelayHarness(mutation: RelayMutation = {}): Promise<RelayHarness<MemoryTransaction>> {
  const clock = virtualClock()
  const database = memoryDatabase({ now: clock.now })
  const broker = memoryBroker({ timer: clock.timer })
  let reachable = true
  broker.onPublish = () => (reachable ? { type: 'accept' } : { type: 'unavailable', scope: 'broker' })
  const open = () => {
    const storage = memoryStorage({ database, monotonicNow: clock.now })
    return { ...storage, ...mutation.storage?.(storage) }
  }
  const storage = open()
  const publisher = memoryPublisher({ broker })
  return {
    storage,
    runner: storage,
    reopen: async () => open(),
    publisher: { ...publisher, ...mutation.publisher?.(publisher, broker) },
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
    createRelay(options) {
      const changed = { ...options, ...mutation.options?.(options) }
      return mutation.relay?.(changed) ?? new Relay(changed)
    },
    time: clock,
    close: () => publisher.close(),
  }
}

/** How a mutant is put between the real consumer, the memory inbox and the memory broker. */
export interface EffectsMutation {
  readonly inbox?: InboxMutation
  readonly consumer?: ConsumerMutation
}

export function memoryEffectsHarness(mutation: EffectsMutation = {}): Promise<EffectsHarness<MemoryTransaction>> {
  const inbox = () => memoryInboxHarness(mutation.inbox)
  const consumer = () => memoryConsumerHarness(mutation.consumer)
  return effectsHarness(inbox, consumer)('')
}
