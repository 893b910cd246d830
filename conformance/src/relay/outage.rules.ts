import assert from 'node:assert/strict'
import type { Message } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { Rule } from '../rule.ts'
import { labelsOf, sample, samples } from '../samples.ts'
import { Crew } from './crew.ts'
import type { AnyRelayHarness } from './harness.ts'
import type { ScriptedPublisher } from './scripted-publisher.ts'

export const relayOutageRules: readonly Rule<AnyRelayHarness>[] = [
  {
    id: 'relay/dead-topic-stops-no-other',
    level: 'required',
    statement: 'A relay MUST go on with the other topics while one cannot be reached, and come back to it by itself.',
    intent: 'One deleted queue stops every message of the service.',
    async verify(harness, { time }) {
      const [orders, mail] = harness.topics
      let down = true
      await using crew = new Crew(harness, time, ({ topic }) =>
        down && topic === mail ? 'topic-unavailable' : 'publish',
      )
      const relay = await crew.start({ batchSize: 10 })
      const mails = samples('mail', 20, { topic: mail, orderingKey: 'k' })
      await crew.enqueue([...mails, ...samples('order', 30, { topic: orders })])
      await crew.published(30)
      down = false
      assert.deepEqual(labelsOf(await crew.published(20, 1)), labelsOf(mails))
      await crew.stop(relay)
    },
  },
  {
    id: 'relay/outage-spends-no-attempts',
    level: 'required',
    statement: 'A relay MUST NOT spend attempts on what could not be reached: neither a topic nor the whole broker.',
    intent: 'Ten minutes without a broker dead-letter the whole backlog.',
    async verify(harness, { time }) {
      const [orders, mail] = harness.topics
      await using crew = new Crew(harness, time, ({ topic }) =>
        topic === mail ? 'topic-unavailable' : 'broker-unavailable',
      )
      const relay = await crew.start({ retry: { maxAttempts: 1, delayMs: () => 10 } })
      const [first, second] = [sample('mail', { topic: mail }), sample('order', { topic: orders })]
      await crew.enqueue([first])
      const triedTwice = async () => crew.publisher.attemptsOf(first) > 1 || undefined
      await time.eventually('a second try at the topic', triedTwice, { withinMs: 10_000 })
      await crew.enqueue([second])
      await time.eventually('a try at the broker', async () => crew.publisher.attemptsOf(second) > 0 || undefined)
      await crew.stop(relay)
      for (const { id } of [first, second]) {
        const found = await harness.storage.inspect(id)
        assert.deepEqual([found?.status, found?.attempts], ['PENDING', 0])
      }
    },
  },
  {
    id: 'relay/survives-a-broker-outage',
    level: 'required',
    statement: 'A relay MUST publish what has waited, in order, when the broker can be reached again.',
    intent: 'After an outage somebody has to restart all relays.',
    async verify(harness, { time }) {
      let down = true
      await using crew = new Crew(harness, time, () => (down ? 'broker-unavailable' : 'publish'))
      const relay = await crew.start()
      const messages = samples('k', 5, { topic: harness.topics[0], orderingKey: 'k' })
      await crew.enqueue(messages)
      await time.eventually('a try at the broker', async () => crew.publisher.calls.length > 0 || undefined)
      down = false
      assert.deepEqual(labelsOf(await crew.published(5)), labelsOf(messages))
      await crew.settled()
      await crew.stop(relay)
    },
  },
  {
    id: 'relay/unknown-outcome-is-tried-again',
    level: 'required',
    statement: 'A relay MUST publish a message again whose outcome is unknown, before later ones of its key.',
    intent: 'An answer that was lost is taken for accepted: the message is, too.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const messages = samples('k', 3, { topic, orderingKey: 'k' })
      await using crew = new Crew(harness, time, (_, attempt) => (attempt === 1 ? 'unknown' : 'publish'))
      const relay = await crew.start()
      await crew.enqueue(messages)
      assert.deepEqual(labelsOf(await crew.published(3)), labelsOf(messages))
      await crew.settled()
      await crew.stop(relay)
    },
  },
  {
    id: 'relay/survives-a-publisher-that-throws',
    level: 'required',
    statement: 'A relay MUST take all outcomes for unknown when publish rejects, and go on.',
    intent: 'One exception of a client library ends the relay, or loses a batch.',
    async verify(harness, { time }) {
      await verifyBrokenPublisher(harness, time, () => Promise.reject(new Error('a bug')))
    },
  },
  {
    id: 'relay/survives-a-publisher-that-hangs',
    level: 'required',
    statement: 'A relay MUST end a publish call after `publishTimeoutMs`, take its outcomes for unknown, and go on.',
    intent: 'A connection that died without a word stops the relay until somebody looks.',
    async verify(harness, { time }) {
      await verifyBrokenPublisher(harness, time, () => new Promise(() => undefined))
    },
  },
  {
    id: 'relay/survives-too-few-outcomes',
    level: 'required',
    statement: 'A relay MUST take all outcomes for unknown when there are not as many as messages.',
    intent: 'Outcomes that are one short settle the neighbour of what failed as published: a loss.',
    async verify(harness, { time }) {
      const oneShort = async (messages: readonly Message[]) =>
        messages.slice(1).map(() => ({ type: 'accepted' }) as const)
      await verifyBrokenPublisher(harness, time, oneShort)
    },
  },
]

/** The first call goes wrong in the given way; after that every message must be published all the same. */
async function verifyBrokenPublisher(
  harness: AnyRelayHarness,
  time: Timeline,
  fail: (messages: readonly Message[]) => ReturnType<ScriptedPublisher['publish']>,
): Promise<void> {
  await using crew = new Crew(harness, time)
  const publish = crew.publisher.publish.bind(crew.publisher)
  let calls = 0
  crew.publisher.publish = (messages, options) => (++calls === 1 ? fail(messages) : publish(messages, options))
  const messages = samples('m', 4, { topic: harness.topics[0] })
  await crew.enqueue(messages)
  const relay = await crew.start()
  const read = labelsOf(await crew.published(4))
  await crew.settled()
  await crew.stop(relay)
  assert.deepEqual([...new Set(read)].toSorted(), labelsOf(messages))
  assert.ok(calls > 1)
}
