import type { OutboxMessage, PublishOutcome } from '@waybill/core/contracts'
import { type Benchmark, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { relayedPerSecond } from '../../relaying/metered-relay.ts'
import { versus } from './versus.ts'

const oneIn = 100
const retry = { maxAttempts: 20, delayMs: () => 1000 }

/** One message in a hundred is refused at its first attempt, whatever its key, and tried again a second later. */
export function failing(storage: ServerStorage): Benchmark {
  const name = '1 % of messages fail, and are tried again after 1 s'
  return {
    suite: 'store',
    storage,
    name,
    run: (settings) =>
      withOutbox(storage, settings, async (outbox) => {
        // For longer than a second, after which the first of them are tried again.
        const pending = scaled(settings, storage === 'postgres' ? 200_000 : 100_000, 2000)
        // The rest waits behind messages that have failed.
        const messages = Math.floor(pending * 0.95)
        const filled = async () => {
          await outbox.empty()
          await outbox.add({ count: pending, keys: 100_000 })
          return outbox.openStorage({ keeps: false })
        }
        const fails = {
          name: 'with failures',
          sample: async () => relayedPerSecond(await filled(), { messages, answer: refusing(), relay: { retry } }),
        }
        const undisturbed = {
          name: 'the undisturbed rate',
          sample: async () => relayedPerSecond(await filled(), { messages }),
        }
        return await versus({ name, way: fails, against: undisturbed, atLeast: 0.7 }, settings)
      }),
  }
}

function refusing(): (message: OutboxMessage) => PublishOutcome {
  const refused = new Set<string>()
  const error = new Error('The broker refuses the message')
  return ({ id }) => {
    if (Math.random() >= 1 / oneIn || refused.has(id)) return { type: 'accepted' }
    refused.add(id)
    return { type: 'rejected', error, retryable: true }
  }
}
