import assert from 'node:assert/strict'
import { another, crash } from '../consumer/harness.ts'
import type { Timeline } from '../eventually.ts'
import { randomOf } from '../random.ts'
import type { Rule } from '../rule.ts'
import { interleaved, labelsOf } from '../samples.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { Service } from './service.ts'

export const effectStormRules: readonly Rule<AnyEffectsHarness>[] = [
  {
    id: 'effects/keeps-its-word-under-load',
    level: 'stress',
    statement:
      'Every message MUST take effect once, in order where the capability `ordering` is `key`, while handlers fail at random and members join, leave and are killed.',
    intent: 'What holds for one failure at a time does not hold when they come together.',
    requires: [another, crash],
    async verify(harness, { time, repetitions }) {
      for (let seed = 1; seed <= repetitions; seed++) await weather(harness, time, seed)
    },
  },
]

/** Three processes, of which one leaves in the middle: killed the first time, for there is one that can be, and in good order later. */
async function weather(harness: AnyEffectsHarness, time: Timeline, seed: number): Promise<void> {
  await using service = new Service(harness, time)
  const random = randomOf(seed)
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `s${seed}${key}`)
  const messages = interleaved(keys, 6, { topic: harness.topics[0] })
  const options = {
    immediateRetries: 1,
    retry: { maxAttempts: 1000, delayMs: () => 20 },
    // As often as it may be delivered beside others that end their process.
    maxCrashes: 100,
    async handle() {
      await service.pass(random() * 10)
      if (random() < 0.1) throw new Error('a bad day')
    },
  }
  const first = await (seed === 1 ? service.start(options) : service.startAnother(options))
  await service.startAnother(options)
  await service.publish(messages.slice(0, 12))
  await service.begun()
  await service.publish(messages.slice(12, 24))
  if (seed === 1) await service.kill(first)
  else await service.stop(first)
  await service.startAnother(options)
  await service.publish(messages.slice(24))
  await service.handled(messages, { withinMs: 30_000 })
  const [effects, expected] = [await service.effects(messages), labelsOf(messages).toSorted()]
  const inOrder = harness.consumer.capabilities.ordering === 'key'
  assert.deepEqual(inOrder ? effects : effects.toSorted(), expected)
}
