import { describeRelay, pairHarness, type StorageHarness } from '@waybill/conformance'
import { onServer, sharedNats } from '@waybill/conformance/containers'
import { type MemoryTransaction, memoryDatabase, memoryStorage } from '@waybill/memory'
import { describe, it } from 'vitest'
import { publisher } from './harness.ts'

const nats = await sharedNats()

/** A storage in memory: what fails here is the broker's. */
async function storage(): Promise<StorageHarness<MemoryTransaction>> {
  const database = memoryDatabase()
  const first = memoryStorage({ database })
  return { storage: first, runner: first, reopen: async () => memoryStorage({ database }), close: () => first.close() }
}

onServer(nats, { it }, ({ url }) => {
  const both = pairHarness(storage, () => publisher(url))
  describeRelay('nats with a storage in memory', { describe, it }, both, { stress: 1 })
})
