import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { labelsOf, sample, samples } from '../samples.ts'
import { enqueue, joinAlone, otherProcess } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, publishInTurns, shortLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

export const retryRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'settle/retry-holds-the-key',
    level: 'required',
    statement: 'settle MUST hold back a key from `retry` until its delay is over, later messages of the key included.',
    intent: 'The next message of an order overtakes the one that failed.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('k', 3, { orderingKey: 'k' }))
      const [head, ...followers] = await relay.collect(3)
      assert.ok(head)
      await relay.retry([head], 60_000)
      await relay.release(followers)
      await enqueue(harness, [sample('k4', { orderingKey: 'k' })])
      assert.deepEqual(claimedLabels(await relay.claimFor(150)), [])
    },
  },
  {
    id: 'settle/retry-comes-back-in-order',
    level: 'required',
    statement: 'claim MUST hand out a key from its retried message on, in order, when the delay is over.',
    intent: 'What was passed over during the hold is forgotten, or comes before the message that waited.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const messages = samples('k', 8, { orderingKey: 'k' })
      await enqueue(harness, messages.slice(0, 4))
      const [head, ...followers] = await relay.collect(4)
      assert.ok(head)
      await relay.retry([head], 300)
      await relay.release(followers)
      await enqueue(harness, [...messages.slice(4), ...samples('other', 20)])
      const before = await publishInTurns([relay], time, 20, { limit: 5 })
      const published = [...before, ...(await publishInTurns([relay], time, 28 - before.length, { limit: 3 }))]
      assert.deepEqual(
        published.filter((label) => label.startsWith('k')),
        labelsOf(messages),
      )
    },
  },
  {
    id: 'settle/retry-holds-only-its-key',
    level: 'required',
    statement:
      'settle MUST NOT hold back anything but the same ordering key of the same topic, compared byte for byte.',
    intent: 'One failing order stops its tenant, its topic, or every key that a collation takes for the same.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [sample('head', { orderingKey: 'key' })])
      await relay.retry(await relay.collect(1), 60_000)
      const others = [
        sample('other', { orderingKey: 'other' }),
        sample('topic', { orderingKey: 'key', topic: 'mail' }),
        sample('case', { orderingKey: 'KEY' }),
        sample('space', { orderingKey: 'key ' }),
        sample('none'),
      ]
      await enqueue(harness, others)
      assert.deepEqual(claimedLabels(await relay.collect(5)).toSorted(), labelsOf(others).toSorted())
    },
  },
  {
    id: 'settle/retry-waits-for-its-delay',
    level: 'required',
    statement:
      'claim MUST NOT hand out a retried message before `delayMs` has passed by the database clock, and MUST after.',
    intent: 'Backoff that is not kept turns one failing message into a storm.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [sample('m')])
      const claimed = await relay.collect(1)
      const start = time.now()
      await relay.retry(claimed, 400)
      assert.deepEqual(claimedLabels(await relay.collect(1)), ['m'])
      assert.ok(time.now() - start >= 395, `delayed by 400 ms, it came after ${time.now() - start}`)
    },
  },
  {
    id: 'settle/retry-counts-spent-attempts',
    level: 'required',
    statement: 'settle MUST count an attempt for `retry` if and only if `spendsAttempt` is true.',
    intent: 'An outage of the broker spends all attempts of a whole backlog.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [sample('m')])
      const attempts: number[] = []
      for (const spendsAttempt of [true, false, true, false]) {
        const claimed = await relay.collect(1)
        attempts.push(claimed[0]?.attempt ?? 0)
        await relay.retry(claimed, 0, { spendsAttempt })
      }
      assert.deepEqual(attempts, [1, 2, 2, 3])
    },
  },
  {
    id: 'settle/retry-outlives-its-session',
    level: 'required',
    statement: 'A hold and the attempts spent MUST outlive the session that made them.',
    intent: 'Each restart of the relay forgets the backoff of everything that fails.',
    async verify(harness, { time }) {
      const first = await HandDrivenRelay.join(harness.storage, time)
      await enqueue(harness, samples('k', 2, { orderingKey: 'k' }))
      const [head, ...followers] = await first.collect(2)
      assert.ok(head)
      const start = time.now()
      await first.retry([head], 800)
      await first.release(followers)
      await first.leave()
      const next = await HandDrivenRelay.join(await otherProcess(harness), time, { leaseMs: shortLeaseMs })
      const claimed = await next.collect(2)
      assert.ok(time.now() - start >= 795, `held for 800 ms, it came after ${time.now() - start}`)
      assert.deepEqual(claimedLabels(claimed), ['k1', 'k2'])
      assert.equal(claimed[0]?.attempt, 2)
    },
  },
]
