import assert from 'node:assert/strict'
import type { Message } from '@waybill/core/contracts'
import { another, crash } from '../consumer/harness.ts'
import type { Rule } from '../rule.ts'
import { interleaved, labelsOf, samples } from '../samples.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { never } from './process.ts'
import { Service } from './service.ts'

/** Every message takes effect, and once. */
export const onceRules: readonly Rule<AnyEffectsHarness>[] = [
  {
    id: 'effects/once-for-a-message-that-comes-twice',
    level: 'required',
    statement: 'A message that is published twice MUST take effect once.',
    intent: 'A relay that dies between the acceptance and its own note publishes again, and the customer pays twice.',
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const process = await service.start()
      const messages = samples('m', 4, { topic: harness.topics[0] })
      await service.publish(messages)
      await service.handled(messages)
      await service.publish(messages)
      await service.until('the duplicates', () => process.duplicates.length >= messages.length)
      await expectOnce(service, messages)
    },
  },
  {
    id: 'effects/once-when-killed-after-the-commit',
    level: 'required',
    statement: 'A message MUST take effect once when its process is killed between the commit and the acknowledgement.',
    intent: 'The moment at which a second delivery is unavoidable, and a second effect is not.',
    requires: [another, crash],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const first = await service.start({ onCommit: (process) => service.kill(process) })
      const messages = samples('m', 4, { topic: harness.topics[0], orderingKey: 'k' })
      await service.publish(messages)
      await service.until('the death', () => first.life.isOver)
      const next = await service.startAnother()
      await service.handled(messages)
      await expectOnce(service, messages)
      assert.ok(next.duplicates.includes('m1'), 'what was not acknowledged did not come again')
    },
  },
  {
    id: 'effects/nothing-half-done-when-killed',
    level: 'required',
    statement: 'A message whose process is killed before the commit MUST leave nothing, and take effect elsewhere.',
    intent: 'A receipt without its effect is a message that is lost for ever.',
    requires: [another, crash],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const first = await service.start({
        async handle({ label, process }) {
          if (label !== 'm2') return
          await service.kill(process)
          await never
        },
      })
      const messages = samples('m', 4, { topic: harness.topics[0], orderingKey: 'k' })
      await service.publish(messages)
      await service.until('the death', () => first.life.isOver)
      await service.startAnother()
      await service.handled(messages)
      await expectOnce(service, messages)
    },
  },
  {
    id: 'effects/once-when-stopped-in-the-middle',
    level: 'required',
    statement: 'What a process that stops has not handled MUST take effect once in another one.',
    intent: 'Each deployment loses the messages that had been taken and not begun, or applies the last ones twice.',
    requires: [another],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const handle = ({ label }: { label: string }) => (label === 'm2' ? never : undefined)
      const first = await service.start({ handle, shutdownTimeoutMs: 50 })
      const messages = samples('m', 4, { topic: harness.topics[0], orderingKey: 'k' })
      await service.publish(messages)
      await service.until('the second message', () => first.runs.some(({ label }) => label === 'm2'))
      await service.stop(first)
      await service.startAnother()
      await service.handled(messages)
      await expectOnce(service, messages)
    },
  },
  {
    id: 'effects/once-while-members-come-and-go',
    level: 'required',
    statement: 'Every message MUST take effect once while members join and leave in the middle of the work.',
    intent:
      'A partition that is taken away in the middle of a handler is a message that is handled twice, or by nobody.',
    requires: [another],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      await expectOnce(service, await comeAndGo(service))
    },
  },
]

/** A member joins and another one leaves while messages of several keys are handled, some of them at the second attempt. */
export async function comeAndGo(service: Service): Promise<readonly Message[]> {
  const messages = interleaved(['a', 'b', 'c', 'd'], 6, { topic: service.harness.topics[0] })
  const handle = async ({ label, attempt }: { label: string; attempt: number }) => {
    await service.pass(10)
    if (attempt === 1 && label.endsWith('3')) throw new Error('not yet')
  }
  const first = await service.start({ handle })
  await service.publish(messages.slice(0, 12))
  await service.begun()
  await service.startAnother({ handle })
  await service.publish(messages.slice(12))
  await service.stop(first)
  await service.handled(messages)
  return messages
}

export async function expectOnce(service: Service, messages: readonly Message[]): Promise<void> {
  assert.deepEqual((await service.effects(messages)).toSorted(), labelsOf(messages).toSorted())
}
