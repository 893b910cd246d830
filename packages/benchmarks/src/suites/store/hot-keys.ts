import { type Benchmark, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import type { Contender } from '../../harness/contest.ts'
import { thousands } from '../../harness/result.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { relayedPerSecond } from '../../relaying/metered-relay.ts'
import { versus } from './versus.ts'

/** All messages are of a few keys. */
export function hotKeys(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: '10 hot keys',
    run: (settings) =>
      withOutbox(storage, settings, async (outbox) => {
        const pending = scaled(settings, 60_000, 2000)
        const ofKeys = (keys: number): Contender => ({
          name: `${thousands(keys)} keys`,
          async sample() {
            await outbox.empty()
            await outbox.add({ count: pending, keys })
            return await relayedPerSecond(outbox.openStorage({ keeps: false }), { messages: pending - 500 })
          },
        })
        return await versus(
          { name: 'messages of 10 hot keys', way: ofKeys(10), against: ofKeys(100_000), atLeast: 0.9 },
          settings,
        )
      }),
  }
}
