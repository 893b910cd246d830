import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { interleaved, labelsOf, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels, publishInTurns } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const withoutMail = { skipTopics: ['mail'] }
const probeMail = { skipTopics: ['mail'], probeTopics: ['mail'] }

export const claimTopicRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'claim/skips-topics',
    level: 'required',
    statement: 'claim MUST NOT hand out messages of `skipTopics`, and MUST go on with the others.',
    intent: 'One dead destination stops all others, or is hammered while it is down.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [...samples('mail', 30, { topic: 'mail' }), ...samples('order', 5)])
      const published = await publishInTurns([relay], time, 5, { ...withoutMail, limit: 2 })
      assert.deepEqual(published.toSorted(), ['order1', 'order2', 'order3', 'order4', 'order5'])
      assert.deepEqual(claimedLabels(await relay.claimFor(60, withoutMail)), [])
    },
  },
  {
    id: 'claim/reopened-topic-comes-back',
    level: 'required',
    statement:
      'claim MUST hand out everything that it has skipped, in order, once the topic is no longer in `skipTopics`.',
    intent: 'A cursor that has passed the rows of a dead topic does not go back, and they wait for a restart.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const mails = samples('mail', 12, { topic: 'mail', orderingKey: 'k' })
      await enqueue(harness, [...mails.slice(0, 6), ...samples('order', 10)])
      await publishInTurns([relay], time, 10, { ...withoutMail, limit: 4 })
      await enqueue(harness, [...mails.slice(6), ...samples('late', 10)])
      await publishInTurns([relay], time, 10, { ...withoutMail, limit: 4 })
      assert.deepEqual(await publishInTurns([relay], time, 12, { limit: 5 }), labelsOf(mails))
    },
  },
  {
    id: 'claim/probes-go-round-the-keys',
    level: 'required',
    statement: 'claim MUST hand out one message of each of `probeTopics`, and go round its keys from call to call.',
    intent: 'A probe that always takes the same poisoned message keeps a healthy topic closed for ever.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, interleaved(['a', 'b', 'c'], 2, { topic: 'mail' }))
      const probes: string[] = []
      for (let round = 0; round < 3; round++) {
        const probe = await relay.collectSome(probeMail)
        assert.equal(probe.length, 1, `a probe of ${probe.length} messages`)
        probes.push(...claimedLabels(probe))
        await relay.release(probe)
      }
      assert.deepEqual(probes.toSorted(), ['a1', 'b1', 'c1'])
    },
  },
]
