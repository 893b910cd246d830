import { describeEffects, effectsHarness, type InboxHarness } from '@waybill/conformance'
import { onServer, sharedNats } from '@waybill/conformance/containers'
import { type MemoryTransaction, memoryDatabase, memoryInbox } from '@waybill/memory'
import { describe, it } from 'vitest'
import { consumer } from './harness.ts'

const nats = await sharedNats()

/** An inbox in memory: what fails here is the broker's. */
async function inbox(): Promise<InboxHarness<MemoryTransaction>> {
  const database = memoryDatabase()
  const open = () => {
    const opened = memoryInbox({ database })
    return { inbox: opened, runner: opened }
  }
  return { ...open(), reopen: async () => open(), close: async () => undefined }
}

onServer(nats, { it }, ({ url }) => {
  const both = effectsHarness(inbox, () => consumer(url))
  describeEffects('an inbox in memory behind nats', { describe, it }, both, { stress: 1 })
})
