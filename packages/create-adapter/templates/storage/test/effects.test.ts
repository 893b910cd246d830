import { type ConsumerHarness, describeEffects, effectsHarness } from '@waybill/conformance'
import { type MemoryConsumer, memoryBroker, memoryConsumer } from '@waybill/memory'
import { describe, it } from 'vitest'
import { inbox } from './harness.ts'

/** A broker in memory: what fails here is the inbox's. */
async function consumer(): Promise<ConsumerHarness> {
  const broker = memoryBroker()
  const opened: MemoryConsumer[] = []
  const open = (): MemoryConsumer => {
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
    async close() {
      for (const each of opened) each.crash()
    },
  }
}

// Take away `.skip` when the inbox rules are green: until then every rule would wait for nothing.
describeEffects('acme behind a broker in memory', { describe: describe.skip, it }, effectsHarness(inbox, consumer), {
  stress: 1,
})
