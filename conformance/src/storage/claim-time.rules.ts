import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels, publishInTurns } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const hourMs = 3_600_000

export const claimTimeRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'claim/waits-until-available',
    level: 'required',
    statement:
      'claim MUST NOT hand out a message before `availableAt` or `delayMs`, by the database clock, and MUST after.',
    intent: 'A reminder goes out at once, or never, because the clocks of two hosts differ.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const start = time.now()
      await enqueue(harness, [
        sample('far', { availableAt: time.wallNow() + hourMs }),
        sample('past', { availableAt: time.wallNow() - hourMs }),
        sample('soon', { delayMs: 300 }),
      ])
      // Where the first claim takes longer than the delay, it may hand out both.
      assert.deepEqual(claimedLabels(await relay.collect(2)), ['past', 'soon'])
      assert.ok(time.now() - start >= 295, `delayed by 300 ms, it came after ${time.now() - start}`)
      assert.deepEqual(claimedLabels(await relay.claimFor(60)), [])
    },
  },
  {
    id: 'claim/scheduled-message-holds-nothing-back',
    level: 'required',
    statement: 'claim MUST hand out later messages of a key while an earlier one is not yet available.',
    intent: 'A reminder in a week holds back every message of its order for a week.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const key = { orderingKey: 'k' }
      await enqueue(harness, [sample('week', { ...key, delayMs: hourMs }), ...samples('k', 3, key)])
      assert.deepEqual(claimedLabels(await relay.collect(3)), ['k1', 'k2', 'k3'])
    },
  },
  {
    id: 'claim/scheduled-messages-keep-their-order',
    level: 'required',
    statement:
      'claim MUST hand out scheduled messages of a key in order when they are due, whatever was published meanwhile.',
    intent: 'A cursor has passed their rows long ago; an index by due time hands them out in another order.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const scheduled = samples('due', 4, { orderingKey: 'k', delayMs: 250 })
      await enqueue(harness, scheduled)
      await enqueue(harness, samples('m', 30))
      const before = await publishInTurns([relay], time, 30, { limit: 8 })
      const published = [...before, ...(await publishInTurns([relay], time, 34 - before.length, { limit: 2 }))]
      const due = published.filter((label) => label.startsWith('due'))
      assert.deepEqual(due, ['due1', 'due2', 'due3', 'due4'])
    },
  },
  {
    id: 'claim/tells-expired',
    level: 'required',
    statement:
      'claim MUST hand out a message whose `expiresAt` has passed with `expired: true`, and others with `false`.',
    intent: 'A storage that drops what has expired loses a message without a trace.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [
        sample('old', { expiresAt: time.wallNow() - hourMs }),
        sample('fresh', { expiresAt: time.wallNow() + hourMs }),
        sample('lasting'),
      ])
      const claimed = await relay.collect(3)
      const expired = claimedLabels(claimed.filter((message) => message.expired))
      assert.deepEqual(expired, ['old'])
    },
  },
  {
    id: 'claim/next-due-is-honest',
    level: 'required',
    statement:
      '`nextDueInMs` MUST NOT lie beyond the time when the next hold or scheduled message of the session falls due.',
    intent: 'An idle relay sleeps for its longest poll interval while a retry is due.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [sample('held'), sample('scheduled', { delayMs: 4000 })])
      const next = async (): Promise<number> => {
        const { messages, nextDueInMs } = await relay.claim()
        assert.deepEqual(claimedLabels(messages), [])
        assert.ok(nextDueInMs !== null && nextDueInMs > 0, `nextDueInMs is ${nextDueInMs} while something is to come`)
        return nextDueInMs
      }
      const held = await relay.collect(1)
      assert.ok((await next()) <= 4000, 'a scheduled message is due earlier')
      await relay.retry(held, 1500)
      assert.ok((await next()) <= 1500, 'a hold is due earlier')
    },
  },
]
