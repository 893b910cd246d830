import { type Benchmark, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { thousands } from '../../harness/result.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { relayedPerSecond } from '../../relaying/metered-relay.ts'
import { versus } from './versus.ts'

/** A transaction that has read elsewhere keeps the database from forgetting rows that are gone. */
export function horizon(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: 'another transaction holds the horizon',
    run: (settings) =>
      withOutbox(storage, settings, async (outbox) => {
        const dead = scaled(settings, 200_000, 100)
        // For a second or two, in which there are sweeps.
        const pending = scaled(settings, storage === 'postgres' ? 200_000 : 100_000, 2000)
        const relayed = () => relayedPerSecond(outbox.openStorage({ keeps: false }), { messages: pending - 500 })
        const held = {
          name: 'held',
          async sample() {
            await outbox.empty()
            await outbox.add({ count: dead })
            await using _holder = await outbox.holdSnapshot()
            await outbox.removeOldest(dead)
            await outbox.add({ count: pending })
            return await relayed()
          },
        }
        const undisturbed = {
          name: 'the undisturbed rate',
          async sample() {
            await outbox.empty()
            await outbox.add({ count: pending })
            return await relayed()
          },
        }
        const name = `another transaction holds the horizon, with ${thousands(dead)} dead rows`
        return await versus({ name, way: held, against: undisturbed, atLeast: 0.8 }, settings)
      }),
  }
}
