import {
  type MemoryStorage,
  type MemoryStorageOptions,
  type MemoryTransaction,
  memoryDatabase,
  memoryStorage,
} from '@waybill/memory'
import type { StorageHarness } from '../src/storage/harness.ts'

/** How a mutant is put into the harness of the memory adapter. */
export interface StorageMutation {
  /** Replaces methods of the storage. Applied to each process' storage. */
  readonly storage?: (storage: MemoryStorage) => Partial<MemoryStorage>
  readonly options?: (options: Required<Pick<MemoryStorageOptions, 'database'>>) => MemoryStorageOptions
}

/** The memory adapter under a virtual clock. */
export async function memoryHarness(mutation: StorageMutation = {}): Promise<StorageHarness<MemoryTransaction>> {
  let now = 1_800_000_000_000
  const database = memoryDatabase({ now: () => now })
  const open = (): MemoryStorage => {
    const options = { database, monotonicNow: () => now }
    const storage = memoryStorage({ ...options, ...mutation.options?.(options) })
    return { ...storage, ...mutation.storage?.(storage) }
  }
  const storage = open()
  const runner = storage
  return {
    storage,
    runner,
    close: async () => undefined,
    time: {
      now: () => now,
      advance(ms) {
        now += ms
      },
    },
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

const defaults = { contentType: 'application/json', headers: {}, schemaVersion: 1, createdAt: 0 }
