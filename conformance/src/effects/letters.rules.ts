import assert from 'node:assert/strict'
import { type InboxDeadLetter, PermanentError } from '@waybill/core/contracts'
import { another, crash, foreign, keepsOrder } from '../consumer/harness.ts'
import { crashMarks, deadLetters } from '../inbox/abilities.ts'
import { need, type Rule } from '../rule.ts'
import { labelOf, labelsOf, sample, samples } from '../samples.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { expectOnce } from './once.rules.ts'
import { never } from './process.ts'
import { Service } from './service.ts'

/** What becomes of what cannot be handled. */
export const effectLetterRules: readonly Rule<AnyEffectsHarness>[] = [
  {
    id: 'effects/buries-what-fails-for-good',
    level: 'required',
    statement:
      'A message MUST be a dead letter without effect after its attempts, after the first if it can never work, and its key MUST go on.',
    intent: 'A poisoned message is handled for ever, or goes away without a trace.',
    requires: [deadLetters],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const topic = harness.topics[0]
      const [failing, behind] = samples('a', 2, { topic, orderingKey: 'a' })
      assert.ok(failing && behind)
      const hopeless = sample('hopeless', { topic })
      const process = await service.start({
        retry: { maxAttempts: 2, delayMs: () => 20 },
        async handle({ label, write }) {
          await write()
          if (label === 'hopeless') throw new PermanentError('it can never work')
          if (label === 'a1') throw new Error('not today')
        },
      })
      await service.publish([failing, hopeless, behind])
      await service.handled([behind])
      const letters = await service.letters(2)
      const deaths = letters.map(({ reason, message }) => [message && labelOf(message), reason])
      assert.deepEqual(deaths.toSorted(), [
        ['a1', 'attempts-exhausted'],
        ['hopeless', 'rejected'],
      ])
      // A redelivery begins to count again.
      assert.deepEqual(new Set(process.attemptsAt('a1')), new Set([1, 2]))
      assert.deepEqual(new Set(process.attemptsAt('hopeless')), new Set([1]))
      assert.deepEqual(await service.effects([failing, hopeless, behind]), ['a2'])
    },
  },
  {
    id: 'effects/dead-letters-come-back-in-order',
    level: 'required',
    statement: 'Dead letters of a key that are redriven MUST take effect once, in their own order.',
    intent:
      'The operator mends the cause and lets everything come back, and the last change of a customer comes first.',
    requires: [deadLetters, keepsOrder],
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      let mended = false
      const messages = samples('a', 4, { topic: harness.topics[0], orderingKey: 'a' })
      await service.start({
        handle({ label }) {
          if (!mended && label !== 'a3') throw new PermanentError('the address is unknown')
        },
      })
      await service.publish(messages)
      assert.deepEqual(await service.letters(3).then(labelsOfLetters), ['a1', 'a2', 'a4'])
      mended = true
      assert.equal(await need(harness, deadLetters).role.redrive({ all: true }), 3)
      await service.handled(messages)
      await service.letters(0)
      assert.deepEqual(await service.effects(messages), ['a3', 'a1', 'a2', 'a4'])
    },
  },
  {
    id: 'effects/finds-what-ends-its-process',
    level: 'required',
    statement:
      'A message that ends its process whenever it is delivered again MUST be a dead letter after `maxCrashes`, and only it.',
    intent: 'One message keeps a fleet of consumers restarting for ever; or its innocent neighbours die with it.',
    requires: [deadLetters, crashMarks, another, crash],
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      await using service = new Service(harness, time)
      const [neighbours, bomb, late] = [
        samples('m', 3, { topic }),
        sample('bomb', { topic }),
        sample('late', { topic }),
      ]
      // First deliveries leave no mark: one process gives the message back, so that it comes again.
      const gentle = await service.startAnother({
        shutdownTimeoutMs: 50,
        handle: ({ label }) => (label === 'bomb' ? never : undefined),
      })
      await service.publish(neighbours)
      await service.handled(neighbours)
      await service.publish([bomb])
      await service.until('its first delivery', () => gentle.runs.some(({ label }) => label === 'bomb'))
      await service.stop(gentle)
      const killed = await service.start({
        async handle({ label, process }) {
          if (label !== 'bomb') return
          await service.kill(process)
          await never
        },
      })
      await service.until('the message to end its process', () => killed.life.isOver)
      const survivor = await service.startAnother({ maxCrashes: 1 })
      const letters = await service.letters(1)
      assert.deepEqual([labelsOfLetters(letters), letters[0]?.reason], [['bomb'], 'crashes'])
      assert.ok(!survivor.runs.some(({ label }) => label === 'bomb'), 'it was begun once more')
      await service.publish([late])
      await service.handled([late])
      await expectOnce(service, [...neighbours, late])
    },
  },
  {
    id: 'effects/buries-what-cannot-be-read',
    level: 'required',
    statement:
      'What is no message, or has a payload that cannot be read, MUST be a dead letter with its bytes as they came, and the others MUST go on.',
    intent: 'Something that another program wrote into the topic ends the consumer, again after each restart.',
    requires: [deadLetters, foreign],
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      await using service = new Service(harness, time)
      await service.start()
      await need(harness, foreign)(topic, { body: new Uint8Array([0xff, 0x00]), headers: {}, key: 'k' })
      const [garbled, readable] = [
        sample('garbled', { topic, payload: new Uint8Array([0xc3, 0x28]) }),
        sample('m', { topic }),
      ]
      await service.publish([garbled, readable])
      await service.handled([readable])
      const letters = await service.letters(2)
      const found = letters.map(({ reason, raw, message }) => [message && labelOf(message), reason, [...raw.body]])
      assert.deepEqual(found.toSorted(), [
        [undefined, 'unreadable', [0xff, 0x00]],
        ['garbled', 'unreadable', [0xc3, 0x28]],
      ])
      assert.deepEqual(await service.effects([garbled, readable]), ['m'])
    },
  },
]

function labelsOfLetters(letters: readonly InboxDeadLetter[]): readonly string[] {
  return labelsOf(letters.flatMap(({ message }) => message ?? []))
}
