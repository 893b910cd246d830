import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { labelOf, labelsOf, sample, samples } from '../samples.ts'
import { Crew } from './crew.ts'
import type { AnyRelayHarness } from './harness.ts'

export const relayFailureRules: readonly Rule<AnyRelayHarness>[] = [
  {
    id: 'relay/retries-with-backoff',
    level: 'required',
    statement: 'A relay MUST try a rejected message again, not before the delay of the retry policy.',
    intent: 'A message that fails is hammered, or forgotten.',
    async verify(harness, { time }) {
      const times: number[] = []
      await using crew = new Crew(harness, time, (_, attempt) => {
        times.push(time.now())
        return attempt < 3 ? 'reject' : 'publish'
      })
      const relay = await crew.start({ retry: { maxAttempts: 9, delayMs: (attempt) => attempt * 150 } })
      await crew.enqueue([sample('m', { topic: harness.topics[0] })])
      await crew.published(1)
      await crew.stop(relay)
      const [first = 0, second = 0, third = 0] = times
      assert.equal(times.length, 3)
      assert.ok(
        second - first >= 145 && third - second >= 295,
        `tried after ${second - first} and ${third - second} ms`,
      )
    },
  },
  {
    id: 'relay/ends-exhausted-messages-dead',
    level: 'required',
    statement:
      'A relay MUST end a message DEAD after `maxAttempts` rejections, its own `maxAttempts` before that of the policy.',
    intent: 'A poisoned message is tried for ever.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time, () => 'reject')
      const relay = await crew.start({ retry: { maxAttempts: 3, delayMs: () => 20 } })
      const [usual, own] = [
        sample('usual', { topic: harness.topics[0] }),
        sample('own', { topic: harness.topics[0], maxAttempts: 1 }),
      ]
      await crew.enqueue([usual, own])
      const letters = await crew.dead(2)
      await crew.stop(relay)
      assert.deepEqual(
        letters.map(({ reason }) => reason),
        ['attempts-exhausted', 'attempts-exhausted'],
      )
      assert.deepEqual([crew.publisher.attemptsOf(usual), crew.publisher.attemptsOf(own)], [3, 1])
      assert.equal(letters.find(({ message }) => message.id === usual.id)?.attempts, 3)
    },
  },
  {
    id: 'relay/permanent-rejection-is-dead',
    level: 'required',
    statement: 'A relay MUST end a message DEAD at once when the broker rejects it for good, and let its key go on.',
    intent: 'What can never succeed holds back its key for all its attempts.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time, (message) => (labelOf(message) === 'k1' ? 'refuse' : 'publish'))
      const relay = await crew.start()
      await crew.enqueue(samples('k', 3, { topic: harness.topics[0], orderingKey: 'k' }))
      assert.deepEqual(labelsOf(await crew.published(2)), ['k2', 'k3'])
      await crew.stop(relay)
      const [letter] = await crew.dead(1)
      assert.equal(letter?.reason, 'rejected')
      assert.equal(letter.error.code, 'BROKER_REJECTED')
    },
  },
  {
    id: 'relay/failure-holds-only-its-key',
    level: 'required',
    statement:
      'A relay MUST NOT publish later messages of a key before one that is to be tried again, and MUST go on with other keys.',
    intent: 'One failing message stops all others; or the next of its key overtakes it.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      let failing = true
      await using crew = new Crew(harness, time, (message) =>
        failing && labelOf(message) === 'k1' ? 'reject' : 'publish',
      )
      const relay = await crew.start({ batchSize: 2, retry: { maxAttempts: 1000, delayMs: () => 50 } })
      await crew.enqueue([...samples('k', 3, { topic, orderingKey: 'k' }), ...samples('other', 10, { topic })])
      const others = labelsOf(await crew.published(10))
      assert.deepEqual(
        others.filter((label) => label.startsWith('k')),
        [],
      )
      failing = false
      const all = labelsOf(await crew.published(13))
      await crew.stop(relay)
      assert.deepEqual(
        all.filter((label) => label.startsWith('k')),
        ['k1', 'k2', 'k3'],
      )
    },
  },
  {
    id: 'relay/expired-ends-dead-unpublished',
    level: 'required',
    statement: 'A relay MUST end an expired message DEAD without publishing it, and let its key go on.',
    intent: 'A code that was valid for a minute is sent an hour later.',
    async verify(harness, { time }) {
      const key = { topic: harness.topics[0], orderingKey: 'k' }
      await using crew = new Crew(harness, time)
      await crew.enqueue([sample('old', { ...key, expiresAt: time.wallNow() - 3_600_000 }), sample('next', key)])
      const relay = await crew.start()
      assert.deepEqual(labelsOf(await crew.published(1)), ['next'])
      await crew.stop(relay)
      assert.deepEqual(
        (await crew.dead(1)).map(({ reason }) => reason),
        ['expired'],
      )
    },
  },
  {
    id: 'relay/oversized-ends-dead-unpublished',
    level: 'required',
    statement: 'A relay MUST end a message DEAD that is larger than the publisher takes, without handing it over.',
    intent: 'A message above the limit closes the connection for all others, again and again.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      await using crew = new Crew(harness, time)
      const large = sample('large', { topic, payload: new Uint8Array(crew.publisher.capabilities.maxMessageBytes + 1) })
      await crew.enqueue([large, sample('small', { topic })])
      const relay = await crew.start()
      const [letter] = await crew.dead(1)
      assert.equal(letter?.reason, 'oversized')
      assert.deepEqual(labelsOf(await crew.published(1)), ['small'])
      await crew.stop(relay)
      assert.equal(crew.publisher.attemptsOf(large), 0)
    },
  },
  {
    id: 'relay/publishes-redriven-messages',
    level: 'required',
    statement: 'A running relay MUST publish a redriven message, with its id.',
    intent: 'The operator mends the broker, presses redrive, and nothing happens until the relay is restarted.',
    async verify(harness, { time }) {
      let refusing = true
      await using crew = new Crew(harness, time, () => (refusing ? 'refuse' : 'publish'))
      const relay = await crew.start()
      const message = sample('m', { topic: harness.topics[0] })
      await crew.enqueue([message])
      await crew.dead(1)
      refusing = false
      assert.equal(await harness.storage.deadLetters.redrive({ ids: [message.id] }), 1)
      const [published] = await crew.published(1)
      await crew.stop(relay)
      assert.equal(published?.id, message.id)
    },
  },
]
