import { describeEffects, effectsHarness, type InboxHarness } from '@waybill/conformance'
import { type MemoryTransaction, memoryDatabase, memoryInbox } from '@waybill/memory'
import { describe, it } from 'vitest'
import { consumer } from './harness.ts'

/** An inbox in memory: what fails here is the consumer's. */
async function inbox(): Promise<InboxHarness<MemoryTransaction>> {
  const database = memoryDatabase()
  const open = () => {
    const opened = memoryInbox({ database })
    return { inbox: opened, runner: opened }
  }
  return { ...open(), reopen: async () => open(), close: async () => undefined }
}

// Take away `.skip` when the consumer rules are green: until then every rule would wait for nothing.
describeEffects('an inbox in memory behind acme', { describe: describe.skip, it }, effectsHarness(inbox, consumer), {
  stress: 1,
})
