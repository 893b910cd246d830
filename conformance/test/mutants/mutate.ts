import type { LaneStore, LaneTransaction } from '@waybill/core/lanes'
import { type MemoryDatabase, type MemoryStorage, memoryLaneStore } from '@waybill/memory'
import type { StorageMutation } from '../memory.ts'

/** A mutant whose storage has other methods. */
export function onStorage(change: (storage: MemoryStorage) => Partial<MemoryStorage>): StorageMutation {
  return { storage: change }
}

/** A mutant whose lanes read and write through another store. */
export function onLanes(
  change: (store: Required<LaneStore>, database: MemoryDatabase) => Partial<LaneStore>,
): StorageMutation {
  return {
    options({ database }) {
      const store = memoryLaneStore(database)
      return { laneStore: { ...store, ...change(store, database) } }
    },
  }
}

/** A mutant with other steps in the transactions on the lane tables. */
export function onLaneTransaction(change: (tx: LaneTransaction) => Partial<LaneTransaction>): StorageMutation {
  return onLanes((store) => ({
    transaction: (work) => store.transaction((tx) => work({ ...tx, ...change(tx) })),
  }))
}
