import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { samples } from '../samples.ts'
import type { PublisherHarness } from './harness.ts'
import { answersOf, publish, publishAll, typesOf } from './publish.ts'

export const publisherLifeRules: readonly Rule<PublisherHarness>[] = [
  {
    id: 'publisher/answers-calls-under-way-on-close',
    level: 'required',
    statement: 'close MUST wait for publish calls under way, whose outcomes are still answered.',
    intent: 'A shutdown that drops the answers publishes the last batch of every deployment twice.',
    async verify(harness, { time }) {
      const messages = samples('m', 10, { topic: harness.topics[0] })
      const call = publish(harness, messages)
      const closed = harness.publisher.close().then(() => 'closed')
      assert.equal(await time.within(8000, closed), 'closed')
      const outcomes = await time.within(100, call)
      assert.ok(outcomes, 'it had closed before the call was answered')
      assert.deepEqual(
        typesOf(outcomes),
        messages.map(() => 'accepted'),
        answersOf(outcomes),
      )
    },
  },
  {
    id: 'publisher/closes-twice',
    level: 'required',
    statement: 'close MUST be safe to repeat, and safe before the first publish call.',
    intent: 'A shutdown hook and a test both close, and the second one throws in place of the real failure.',
    async verify({ publisher }) {
      await publisher.close()
      await publisher.close()
    },
  },
  {
    id: 'publisher/publishes-nothing-after-close',
    level: 'required',
    statement: 'publish MUST accept nothing after close.',
    intent: 'A call that comes late opens a connection that nobody closes.',
    async verify(harness, { time }) {
      await publishAll(harness, samples('before', 1, { topic: harness.topics[0] }))
      await harness.publisher.close()
      const late = publish(harness, samples('after', 2, { topic: harness.topics[0] })).catch(() => [])
      const outcomes = await time.within(8000, late)
      assert.ok(outcomes, 'no answer')
      assert.ok(!typesOf(outcomes).includes('accepted'))
    },
  },
  {
    id: 'publisher/states-its-facts',
    level: 'required',
    statement: 'A publisher MUST state its contract version, a name, and limits that are positive integers.',
    intent: 'A limit of 0, or none at all, is found when the first batch does not end.',
    async verify({ publisher }) {
      assert.equal(publisher.specificationVersion, 'v1')
      assert.notEqual(publisher.name, '')
      const { atomicPerKey, maxBatchMessages, maxMessageBytes } = publisher.capabilities
      assert.equal(typeof atomicPerKey, 'boolean')
      for (const limit of [maxBatchMessages, maxMessageBytes])
        assert.ok(Number.isSafeInteger(limit) && limit > 0, `a limit of ${limit}`)
    },
  },
]
