import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { interleaved, sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

export const claimLimitRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'claim/respects-limit',
    level: 'required',
    statement: 'claim MUST NOT hand out more than `limit` messages, and MUST hand out the rest to later claims.',
    intent: 'A batch larger than asked for outlives its lease.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 10))
      const sizes: number[] = []
      while (sizes.reduce((sum, size) => sum + size, 0) < 10) {
        const batch = await relay.collectSome({ limit: 3 })
        assert.ok(batch.length <= 3, `${batch.length} messages were handed out at a limit of 3`)
        sizes.push(batch.length)
      }
    },
  },
  {
    id: 'claim/limit-counts-handed-out',
    level: 'required',
    statement: 'claim MUST count towards `limit` what it hands out, not what it passes over.',
    intent: 'A batch of messages that wait at the head of the outbox starves everything behind them.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('held', 30, { orderingKey: 'held' }))
      const [head, ...followers] = await relay.collect(30)
      assert.ok(head)
      await relay.retry([head], 60_000)
      await relay.release(followers)
      await enqueue(harness, samples('free', 5))
      const { messages } = await relay.claim({ limit: 5 })
      assert.deepEqual(claimedLabels(messages).toSorted(), ['free1', 'free2', 'free3', 'free4', 'free5'])
    },
  },
  {
    id: 'claim/respects-max-bytes',
    level: 'required',
    statement: 'claim MUST NOT hand out more than `maxBytes` of payload, except for a single larger message.',
    intent: 'Five hundred large messages at once exhaust the memory of the relay or the limits of the broker.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 7, { payload: new Uint8Array(1000) }))
      for (let left = 7; left > 0; ) {
        const batch = await relay.collectSome({ maxBytes: 2500 })
        assert.ok(batch.length <= 2, `${batch.length} messages of 1000 bytes at a maximum of 2500`)
        left -= batch.length
      }
    },
  },
  {
    id: 'claim/hands-out-a-larger-message-alone',
    level: 'required',
    statement:
      'claim MUST hand out a message that is larger than `maxBytes` alone, and lose neither it nor its neighbours.',
    intent: 'A message above the limit is passed over for ever, or blocks the outbox.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const small = samples('small', 4, { payload: new Uint8Array(100) })
      const large = sample('large', { payload: new Uint8Array(5000) })
      await enqueue(harness, [...small.slice(0, 2), large, ...small.slice(2)])
      const seen: string[] = []
      while (seen.length < 5) {
        const batch = claimedLabels(await relay.collectSome({ maxBytes: 1000 }))
        if (batch.includes('large')) assert.deepEqual(batch, ['large'])
        seen.push(...batch)
      }
      assert.equal(new Set(seen).size, 5)
    },
  },
  {
    id: 'claim/respects-key-limit',
    level: 'required',
    statement: 'claim MUST NOT hand out more than `keyLimit` messages of one key while other keys wait.',
    intent: 'A key with a million messages takes every batch, and the other keys wait behind it.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [...samples('big', 20, { orderingKey: 'big' }), ...interleaved(['a', 'b', 'c'], 1)])
      const { messages, more } = await relay.claim({ limit: 9, keyLimit: 4 })
      const labels = claimedLabels(messages)
      for (const label of ['a1', 'b1', 'c1', 'big1', 'big2', 'big3', 'big4'])
        assert.ok(labels.includes(label), `${label} was not handed out beside its neighbours`)
      assert.equal(more, true)
    },
  },
  {
    id: 'claim/more-is-honest',
    level: 'required',
    statement: '`more` MUST be true when a limit stopped the claim, and false when nothing can be handed out now.',
    intent: 'A false `more` makes a backlog wait for the poll interval; a true one that lies makes the relay spin.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 10))
      const stopped = await relay.claim({ limit: 3 })
      assert.equal(stopped.messages.length, 3)
      assert.equal(stopped.more, true, 'limit stopped the claim')
      const rest = await relay.collect(7)
      assert.equal((await relay.claim({ limit: 3 })).more, false, 'everything is in hand')
      await relay.publish(rest)
      await relay.retry(stopped.messages, 60_000)
      assert.equal((await relay.claim({ limit: 3 })).more, false, 'everything is held')
    },
  },
]
