import assert from 'node:assert/strict'
import { need, type Rule } from '../rule.ts'
import { labelsOf, sample, samples } from '../samples.ts'
import { atomicPerKey, disruption, missingTopic, type PublisherHarness } from './harness.ts'
import { answersOf, oversized, publish, publishAll, typesOf } from './publish.ts'

export const outcomeRules: readonly Rule<PublisherHarness>[] = [
  {
    id: 'publish/outcomes-align',
    level: 'required',
    statement: 'publish MUST answer one outcome for each message, aligned by index, also when some fail.',
    intent: 'An answer that is one short settles the neighbour of what failed as published: a loss.',
    async verify(harness) {
      const [topic] = harness.topics
      const [first, last] = [sample('first', { topic }), sample('last', { topic })]
      const outcomes = await publish(harness, [first, oversized(harness, 'large'), last])
      assert.deepEqual(typesOf(outcomes), ['accepted', 'rejected', 'accepted'], answersOf(outcomes))
    },
  },
  {
    id: 'publish/refuses-oversized-for-good',
    level: 'required',
    statement: 'publish MUST reject a message above `maxMessageBytes` with `retryable: false`, without publishing it.',
    intent: 'A message that can never be sent is retried for days, or closes the connection for all others.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const [outcome] = await publish(harness, [oversized(harness, 'large')])
      assert.equal(outcome?.type, 'rejected')
      assert.equal(outcome.retryable, false)
      await publishAll(harness, [sample('next', { topic })])
      const read = await time.eventually('the next message', async () => {
        const all = await harness.read(topic)
        return all.length > 0 ? labelsOf(all) : undefined
      })
      assert.deepEqual(read, ['next'])
    },
  },
  {
    id: 'publish/failure-stops-its-key',
    level: 'required',
    statement:
      'A publisher that is atomic per key MUST NOT let a later message of a key be accepted when an earlier one of the call was not.',
    intent: '`order.cancelled` arrives, and `order.placed` follows with the retry.',
    requires: [atomicPerKey],
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const key = { topic, orderingKey: 'k' }
      const outcomes = await publish(harness, [
        sample('k1', key),
        oversized(harness, 'k2', 'k'),
        sample('k3', key),
        sample('k4', key),
      ])
      assert.ok(!typesOf(outcomes).slice(1).includes('accepted'), `the key went on: ${answersOf(outcomes)}`)
      await publishAll(harness, [sample('other', { topic })])
      const read = await time.eventually('the other message', async () => {
        const labels = labelsOf(await harness.read(topic))
        return labels.includes('other') ? labels : undefined
      })
      assert.ok(!read.includes('k3') && !read.includes('k4'), `what was not accepted can be read: ${read.join()}`)
    },
  },
  {
    id: 'publish/failure-stops-only-its-key',
    level: 'required',
    statement: 'publish MUST let the other keys of a call go on when a message of one fails.',
    intent: 'One bad message fails its whole batch, which fails again in the same way.',
    async verify(harness) {
      const [topic] = harness.topics
      const others = samples('other', 4, { topic })
      const outcomes = await publish(harness, [
        ...others.slice(0, 2),
        oversized(harness, 'k1', 'k'),
        ...others.slice(2),
      ])
      assert.deepEqual(
        typesOf(outcomes),
        ['accepted', 'accepted', 'rejected', 'accepted', 'accepted'],
        answersOf(outcomes),
      )
    },
  },
  {
    id: 'publish/answers-when-aborted',
    level: 'required',
    statement: 'publish MUST answer soon after its signal has fired, with `unknown` for what is not known by then.',
    intent: 'A relay that shuts down waits for a broker that does not answer.',
    async verify(harness, { time }) {
      const messages = samples('m', 3, { topic: harness.topics[0] })
      const call = harness.publisher.publish(messages, { signal: AbortSignal.abort(), timeoutMs: 1 })
      const outcomes = await time.within(5000, call)
      assert.ok(outcomes, 'no answer after the signal had fired')
      assert.equal(outcomes.length, messages.length)
    },
  },
  {
    id: 'publish/missing-topic-is-an-outcome',
    level: 'required',
    statement: 'publish MUST answer for a topic that does not exist with an outcome, and let other topics go on.',
    intent: 'A missing exchange closes the channel, and half of the batch is sent twice.',
    requires: [missingTopic],
    async verify(harness) {
      const [topic] = harness.topics
      const missing = sample('missing', { topic: need(harness, missingTopic) })
      const outcomes = await publish(harness, [sample('m1', { topic }), missing, sample('m2', { topic })])
      assert.equal(outcomes[0]?.type, 'accepted', answersOf(outcomes))
      assert.ok(['unavailable', 'rejected'].includes(outcomes[1]?.type ?? ''), answersOf(outcomes))
      assert.equal(outcomes[2]?.type, 'accepted', answersOf(outcomes))
    },
  },
  {
    id: 'publish/outage-is-an-outcome',
    level: 'fault',
    statement:
      'publish MUST answer `unavailable` or `unknown` while the broker cannot be reached, and accept again afterwards.',
    intent: 'A client that has lost its connection once rejects, hangs, or needs a restart.',
    requires: [disruption],
    async verify(harness, { time }) {
      const [topic] = harness.topics
      await publishAll(harness, [sample('before', { topic })])
      await need(harness, disruption).cut()
      const call = harness.publisher.publish(samples('during', 3, { topic }), {
        signal: AbortSignal.timeout(3000),
        timeoutMs: 3000,
      })
      const outcomes = await time.within(8000, call)
      assert.ok(outcomes, 'no answer after the timeout')
      for (const type of typesOf(outcomes)) assert.ok(type === 'unavailable' || type === 'unknown', answersOf(outcomes))
      await need(harness, disruption).restore()
      await time.eventually('a message to be accepted again', async () => {
        const [outcome] = await publish(harness, [sample('after', { topic })])
        return outcome?.type === 'accepted' || undefined
      })
    },
  },
]
