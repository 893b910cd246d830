import type { OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { type LaneSourceOptions, type LaneStore, laneSource } from '@waybill/core/lanes'
import { type MemoryDatabase, memoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { type MemoryLaneStoreOptions, memoryLaneStore } from './lane-store.ts'
import { memoryAdmin } from './memory-admin.ts'
import { memoryRunner } from './memory-runner.ts'
import { memoryWriter } from './memory-writer.ts'

export interface MemoryStorageOptions extends LaneSourceOptions, MemoryLaneStoreOptions {
  /** The database to open; several storages on one database are several processes. @default a new one */
  readonly database?: MemoryDatabase
  /** What relays read and settle through; for tests that watch or break it. @default memoryLaneStore(database, options) */
  readonly laneStore?: LaneStore
}

/** An outbox in memory, which opens transactions too. */
export interface MemoryStorage extends OutboxStorage<MemoryTransaction>, TransactionRunner<MemoryTransaction> {
  readonly database: MemoryDatabase
  insertSync(...parameters: Parameters<Required<OutboxStorage<MemoryTransaction>>['insertSync']>): void
}

/**
 * Makes an outbox in memory: the same relay source as on a SQL database, on a database that lives in this process.
 *
 * @example
 * const storage = memoryStorage()
 * const outbox = new Outbox({ storage, messages })
 * await storage.transaction(async (tx) => {
 *   await tx.put('orders', order.id, order)
 *   await outbox.enqueue(tx, 'order.placed', { orderId: order.id })
 * })
 */
export function memoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  const { database = memoryDatabase(), schedule } = options
  return {
    ...laneSource(options.laneStore ?? memoryLaneStore(database, options), options),
    ...memoryWriter(database, schedule),
    ...memoryAdmin(database, schedule),
    ...memoryRunner(database, schedule),
    database,
    async close() {
      // Nothing was opened.
    },
  }
}
