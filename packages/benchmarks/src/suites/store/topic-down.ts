import type { OutboxMessage, PublishOutcome } from '@waybill/core/contracts'
import { type Benchmark, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { thousands } from '../../harness/result.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { relayedPerSecond } from '../../relaying/metered-relay.ts'
import { versus } from './versus.ts'

const unavailable: PublishOutcome = { type: 'unavailable', scope: 'topic', error: new Error('There is no leader') }
const answer = ({ topic }: OutboxMessage): PublishOutcome => (topic === 'down' ? unavailable : { type: 'accepted' })

/** Of two topics one cannot be reached, and has a backlog before and among the messages of the other. */
export function topicDown(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: 'one topic of two is down',
    run: (settings) =>
      withOutbox(storage, settings, async (outbox) => {
        const waiting = scaled(settings, 300_000, 3000)
        const messages = Math.floor(waiting / 3)
        const down = {
          name: 'with a topic down',
          async sample() {
            await outbox.empty()
            await outbox.add({ count: waiting - messages, topics: ['down'] })
            await outbox.add({ count: 2 * messages, topics: ['down', 'orders'] })
            return await relayedPerSecond(outbox.openStorage({ keeps: false }), { messages: messages - 500, answer })
          },
        }
        const undisturbed = {
          name: 'the undisturbed rate',
          async sample() {
            await outbox.empty()
            await outbox.add({ count: messages })
            return await relayedPerSecond(outbox.openStorage({ keeps: false }), { messages: messages - 500 })
          },
        }
        const name = `one topic of two is down, with ${thousands(waiting)} messages waiting`
        return await versus({ name, way: down, against: undisturbed, atLeast: 0.8 }, settings)
      }),
  }
}
