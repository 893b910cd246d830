import { type Benchmark, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import type { Contender } from '../../harness/contest.ts'
import { thousands } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { relayedPerSecond } from '../../relaying/metered-relay.ts'
import { versus } from './versus.ts'

/** A producer leaves its transaction open, from the first sample to the last, while all these messages flow past it. */
export function openWriter(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: 'a writer stays open',
    run: (settings) =>
      withOutbox(storage, settings, (disturbed) =>
        withOutbox(storage, settings, async (undisturbed) => {
          const flowing = scaled(settings, 1_000_000, 2000 * (settings.rounds + 1))
          const messages = Math.floor(flowing / (settings.rounds + 1))
          await using _writer = await disturbed.openWriter()
          const flow = (name: string, outbox: OutboxDatabase): Contender => ({
            name,
            async sample() {
              await outbox.add({ count: messages })
              return await relayedPerSecond(outbox.openStorage({ keeps: false }), { messages: messages - 500 })
            },
          })
          const [way, against] = [flow('beside a writer', disturbed), flow('the undisturbed rate', undisturbed)]
          const name = `a writer stays open while ${thousands(flowing)} messages flow`
          return await versus({ name, way, against, atLeast: 0.5 }, settings)
        }),
      ),
  }
}
