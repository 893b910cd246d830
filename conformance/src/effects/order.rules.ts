import assert from 'node:assert/strict'
import { another, crash, keepsOrder, ordersAcrossProcesses } from '../consumer/harness.ts'
import type { Rule } from '../rule.ts'
import { interleaved, labelsOf, samples } from '../samples.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { comeAndGo } from './once.rules.ts'
import { longMs, never } from './process.ts'
import { Service } from './service.ts'

/** Where the effects of a key keep the order of the broker. The table of retries in the docs has a row for each. */
export const orderRules: readonly Rule<AnyEffectsHarness>[] = [
  {
    id: 'effects/keeps-order-over-immediate-retries',
    level: 'required',
    statement: 'The effects of a key MUST keep their order within a process when a message is tried again at once.',
    intent: 'The message behind the one that failed is handled between its attempts.',
    requires: [keepsOrder],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const messages = interleaved(['a', 'b'], 4, { topic: harness.topics[0] })
      const process = await service.start({
        immediateRetries: 2,
        retry: { maxAttempts: 3, delayMs: () => longMs },
        handle: failTwice('a2'),
      })
      await service.publish(messages)
      await service.handled(messages)
      assert.deepEqual(process.attemptsAt('a2').slice(-3), [1, 2, 3])
      assert.deepEqual(await service.effects(messages), labelsOf(messages).toSorted())
    },
  },
  {
    id: 'effects/keeps-order-over-delayed-retries',
    level: 'required',
    statement:
      'The effects of a key MUST keep their order within a process when a message is tried again after a delay.',
    intent:
      'A broker that redelivers later hands out the rest of the key meanwhile: the cancellation before the order.',
    requires: [keepsOrder],
    async verify(harness, { time }) {
      const times: number[] = []
      await using service = new Service(harness, time)
      const messages = interleaved(['a', 'b'], 4, { topic: harness.topics[0] })
      const fail = failTwice('a2')
      const process = await service.start({
        retry: { maxAttempts: 3, delayMs: () => 150 },
        handle(run) {
          if (run.label === 'a2') times.push(time.now())
          fail(run)
        },
      })
      await service.publish(messages)
      await service.handled(messages)
      const [first = 0, second = 0, third = 0] = times.slice(-3)
      assert.deepEqual(process.attemptsAt('a2').slice(-3), [1, 2, 3])
      assert.ok(second - first >= 145 && third - second >= 145, `tried after ${second - first}, ${third - second} ms`)
      assert.deepEqual(await service.effects(messages), labelsOf(messages).toSorted())
    },
  },
  {
    id: 'effects/waiting-key-holds-back-no-other',
    level: 'required',
    statement: 'A message that waits for its next attempt MUST hold back its own key, and MUST NOT hold back another.',
    intent: 'One customer whose address is wrong stops the orders of all the others.',
    requires: [keepsOrder],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const messages = interleaved(['a', 'b'], 3, { topic: harness.topics[0] })
      const process = await service.start({
        concurrency: 1,
        shutdownTimeoutMs: 50,
        retry: { maxAttempts: 3, delayMs: () => longMs },
        handle: failTwice('a1'),
      })
      await service.publish(messages)
      await service.handled(messages.filter(({ orderingKey }) => orderingKey === 'b'))
      const begun = new Set(process.runs.map(({ label }) => label))
      assert.deepEqual([...begun].toSorted(), ['a1', 'b1', 'b2', 'b3'])
      assert.deepEqual(await service.effects(messages), ['b1', 'b2', 'b3'])
    },
  },
  {
    id: 'effects/keeps-order-while-members-come-and-go',
    level: 'required',
    statement:
      'The effects of a key MUST keep their order while members join and leave, where the capability `ordering` is `key`.',
    intent: 'The member that loses a partition is still at its last message when the next one begins.',
    requires: [ordersAcrossProcesses, another],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const messages = await comeAndGo(service)
      assert.deepEqual(await service.effects(messages), labelsOf(messages).toSorted())
    },
  },
  {
    id: 'effects/keeps-order-over-a-crash',
    level: 'required',
    statement:
      'The effects of a key MUST keep their order when the process that handles it is killed, where the capability `ordering` is `key`.',
    intent: 'What the dead had in hand comes back later than what came after it.',
    requires: [ordersAcrossProcesses, another, crash],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const first = await service.start({ handle: ({ label }) => (label === 'm3' ? never : undefined) })
      const messages = samples('m', 7, { topic: harness.topics[0], orderingKey: 'k' })
      await service.publish(messages)
      await service.until('the third message', () => first.runs.some(({ label }) => label === 'm3'))
      await service.startAnother()
      await service.kill(first)
      await service.handled(messages)
      assert.deepEqual(await service.effects(messages), labelsOf(messages))
    },
  },
]

function failTwice(wanted: string) {
  return ({ label, attempt }: { readonly label: string; readonly attempt: number }): void => {
    if (label === wanted && attempt < 3) throw new Error('not yet')
  }
}
