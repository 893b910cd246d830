import assert from 'node:assert/strict'
import type { Settlement } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { Rule } from '../rule.ts'
import { interleaved, sample, samples } from '../samples.ts'
import { enqueue, joinAlone, otherProcess } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, shortLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const error = { code: 'BROKER_REJECTED', message: 'the broker said no' } as const
const short = { leaseMs: shortLeaseMs }

export const settleRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'settle/published-is-final',
    level: 'required',
    statement: 'settle MUST NOT let a published message be handed out again, to any session.',
    intent: 'Without a fault nothing is published twice.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 10))
      const claimed = await relay.collect(10)
      assert.equal((await relay.publish(claimed)).lost.length, 0)
      assert.deepEqual(claimedLabels(await relay.claimFor(60)), [])
      await relay.leave()
      const next = await HandDrivenRelay.join(await otherProcess(harness), time)
      assert.deepEqual(claimedLabels(await next.claimFor(100)), [])
    },
  },
  {
    id: 'settle/published-needs-no-lease',
    level: 'required',
    statement: 'settle MUST apply `published` whoever says it, also after the lease has ended.',
    intent: 'A relay that was slow, and whose broker did accept, is told that it lost; the message goes out once more.',
    async verify(harness, { time }) {
      const { slow, held } = await loseLease(harness, time, 3)
      assert.equal((await slow.published(held)).lost.length, 0)
      for (const { message } of held) assert.equal((await harness.storage.inspect(message.id))?.status, 'PUBLISHED')
      const next = await HandDrivenRelay.join(harness.storage, time, short)
      assert.deepEqual(claimedLabels(await next.claimFor(3 * shortLeaseMs)), [])
    },
  },
  {
    id: 'settle/late-published-raises-no-dead',
    level: 'required',
    statement: 'settle MUST leave a message DEAD when `published` comes after another session has ended it.',
    intent: 'A dead letter changes under the hands of an operator because a slow relay comes back.',
    async verify(harness, { time }) {
      const slow = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 2, { orderingKey: 'k' }))
      const held = await slow.collect(2)
      await slow.leave()
      const next = await HandDrivenRelay.join(await otherProcess(harness), time)
      const [dead, other] = await next.collect(2)
      assert.ok(dead && other)
      assert.equal((await next.bury([dead])).lost.length, 0)
      await slow.published(held)
      const found = await Promise.all([dead, other].map(({ message }) => harness.storage.inspect(message.id)))
      assert.deepEqual(
        found.map((each) => each?.status),
        ['DEAD', 'PUBLISHED'],
      )
    },
  },
  {
    id: 'settle/rejects-stale-claim',
    level: 'required',
    statement: 'settle MUST report lost, and not apply, `retry` and `dead` of a session that has ended.',
    intent: 'A relay that wakes from a pause buries or delays what its successor is publishing.',
    async verify(harness, { time }) {
      const { slow, held, next } = await loseLease(harness, time, 4)
      assert.equal((await slow.retry(held.slice(0, 2), 60_000)).lost.length, 2)
      assert.equal((await slow.bury(held.slice(2))).lost.length, 2)
      await next.leave()
      const last = await HandDrivenRelay.join(harness.storage, time)
      for (const { attempt } of (await last.publishAll(4)).flat()) assert.equal(attempt, 1)
    },
  },
  {
    id: 'settle/release-comes-back-in-order',
    level: 'required',
    statement: 'settle MUST give released messages back as they were: available at once, in order, nothing spent.',
    intent: 'What a stopping relay gives back is delayed, reordered or counted as tried.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, interleaved(['a', 'b'], 4))
      const claimed = await relay.collect(8)
      await relay.release(claimed.toReversed())
      const again = await relay.collect(8)
      for (const key of ['a', 'b'])
        assert.deepEqual(
          claimedLabels(again).filter((label) => label.startsWith(key)),
          ['1', '2', '3', '4'].map((n) => key + n),
        )
      assert.ok(again.every(({ attempt, crashes, suspect }) => attempt === 1 && crashes === 0 && !suspect))
    },
  },
  {
    id: 'settle/dead-lets-its-key-go-on',
    level: 'required',
    statement: 'settle MUST end a `dead` message for good and let the rest of its key go on.',
    intent: 'A poisoned message holds its key for ever, or comes back after it was given up.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('k', 3, { orderingKey: 'k' }))
      const [head, ...followers] = await relay.collect(3)
      assert.ok(head)
      assert.equal((await relay.bury([head])).lost.length, 0)
      await relay.release(followers)
      assert.deepEqual(claimedLabels(await relay.collect(2)), ['k2', 'k3'])
      assert.equal((await harness.storage.inspect(head.message.id))?.status, 'DEAD')
      assert.deepEqual(claimedLabels(await relay.claimFor(60)), [])
    },
  },
  {
    id: 'settle/is-idempotent',
    level: 'required',
    statement: 'settle MUST change nothing when a call is repeated.',
    intent: 'The reply was lost and the call is sent again: attempts count double, or a hold begins anew.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 4))
      const claimed = await relay.collect(4)
      const settlements = oneOfEach(claimed.map(({ token }) => token))
      await relay.source.settle(relay.session, settlements)
      await relay.source.settle(relay.session, settlements)
      const ids = claimed.map(({ message }) => message.id)
      const found = await Promise.all(ids.map((id) => harness.storage.inspect(id)))
      assert.deepEqual(
        found.map((each) => [each?.status, each?.attempts]),
        [
          ['PUBLISHED', 0],
          ['PENDING', 1],
          ['PENDING', 0],
          ['DEAD', 1],
        ],
      )
      assert.equal((await harness.storage.deadLetters.list()).length, 1)
    },
  },
  {
    id: 'settle/mixed-batch-applies-independently',
    level: 'required',
    statement: 'settle MUST apply each settlement of a batch whatever becomes of the others.',
    intent: 'One settlement that is refused takes the whole batch with it, and what was published goes out again.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [...samples('m', 4), sample('gone')])
      const claimed = await relay.collect(5)
      const gone = claimed.find(({ message }) => message.type === 'order.placed' && message.id.startsWith('gone'))
      const rest = claimed.filter((each) => each !== gone)
      assert.ok(gone)
      await relay.published([gone])
      const settlements: readonly Settlement[] = [
        { type: 'retry', token: gone.token, delayMs: 0, spendsAttempt: true, error },
        ...oneOfEach(rest.map(({ token }) => token)),
      ]
      await relay.source.settle(relay.session, settlements)
      const ids = [gone, ...rest].map(({ message }) => message.id)
      const found = await Promise.all(ids.map((id) => harness.storage.inspect(id)))
      assert.deepEqual(
        found.map((each) => each?.status),
        ['PUBLISHED', 'PUBLISHED', 'PENDING', 'PENDING', 'DEAD'],
      )
    },
  },
]

function oneOfEach(tokens: readonly object[]): readonly Settlement[] {
  const [published = {}, retry = {}, release = {}, dead = {}] = tokens
  return [
    { type: 'published', token: published },
    { type: 'retry', token: retry, delayMs: 60_000, spendsAttempt: true, error },
    { type: 'release', token: release },
    { type: 'dead', token: dead, reason: 'rejected', spendsAttempt: true, error },
  ]
}

/** A session that holds messages while its lease ends and another takes over, which with the first of them it has. */
async function loseLease(harness: AnyStorageHarness, time: Timeline, count: number) {
  const slow = await joinAlone(harness, time, short)
  await enqueue(harness, samples('m', count))
  const held = await slow.collect(count)
  const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
  await next.collectSome()
  return { slow, held, next }
}
