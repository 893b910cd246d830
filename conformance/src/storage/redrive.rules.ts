import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { comparable, sample, samples } from '../samples.ts'
import { bury } from './dead-letters.rules.ts'
import { enqueue } from './enqueue.ts'
import { claimedLabels, publishInTurns } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

export const redriveRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'dead-letters/redrive-keeps-the-message',
    level: 'required',
    statement: 'redrive MUST make the dead letter pending again with its id and contents, and answer how many.',
    intent: 'A new id makes the consumer apply a second time what had been accepted before its death.',
    async verify(harness, { time }) {
      const message = sample('m', { orderingKey: 'k', headers: { tenant: 'ü' }, sequence: 4, maxAttempts: 3 })
      const { relay } = await bury(harness, time, [message])
      assert.equal(await harness.storage.deadLetters.redrive({ ids: [message.id] }), 1)
      const [claimed] = await relay.collect(1)
      assert.ok(claimed)
      assert.deepEqual(comparable(claimed.message), comparable(message))
      assert.deepEqual(await harness.storage.deadLetters.list(), [])
    },
  },
  {
    id: 'dead-letters/redrive-goes-to-the-end-of-its-key',
    level: 'required',
    statement: 'redrive MUST give the message a new position, after everything of its key that is already there.',
    intent: 'A message at its old place lies where relays have long stopped to look, or overtakes what is in flight.',
    async verify(harness, { time }) {
      const key = { orderingKey: 'k' }
      const messages = samples('k', 2, key)
      const { relay } = await bury(harness, time, messages)
      await enqueue(harness, [sample('k3', key), sample('k4', key)])
      await harness.storage.deadLetters.redrive({ orderingKey: 'k' })
      await enqueue(harness, [sample('k5', key)])
      const published = await publishInTurns([relay], time, 5, { limit: 2 })
      assert.deepEqual(published, ['k3', 'k4', 'k1', 'k2', 'k5'])
    },
  },
  {
    id: 'dead-letters/redrive-starts-afresh',
    level: 'required',
    statement: 'redrive MUST clear attempts, crashes, suspicion, `expiresAt` and the error.',
    intent: 'A message that had expired, or used up its attempts, dies again at once.',
    async verify(harness, { time }) {
      const message = sample('m', { expiresAt: time.wallNow() - 1000 })
      const { relay } = await bury(harness, time, [message], 'expired')
      await harness.storage.deadLetters.redrive({ all: true })
      const [claimed] = await relay.collect(1)
      assert.ok(claimed)
      const { attempt, crashes, suspect, expired } = claimed
      assert.deepEqual(
        { attempt, crashes, suspect, expired },
        { attempt: 1, crashes: 0, suspect: false, expired: false },
      )
      assert.equal(claimed.message.expiresAt, undefined)
    },
  },
  {
    id: 'dead-letters/redrive-twice-is-once',
    level: 'required',
    statement: 'redrive MUST bring a dead letter back once, however often and by how many it is called.',
    intent: 'Two operators press the same button.',
    async verify(harness, { time }) {
      const { relay } = await bury(harness, time, samples('m', 5))
      const counts = await Promise.all([1, 2, 3].map(() => harness.storage.deadLetters.redrive({ all: true })))
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        5,
      )
      await relay.publish(await relay.collect(5))
      assert.equal(await harness.storage.deadLetters.redrive({ all: true }), 0)
      assert.deepEqual(claimedLabels(await relay.claimFor(60)), [])
    },
  },
  {
    id: 'dead-letters/redrive-reaches-running-sessions',
    level: 'required',
    statement: 'redrive MUST be safe while sessions run: what it brings back is handed out without a restart.',
    intent: 'A running relay never looks back at what has died, and the redriven message waits for a deployment.',
    async verify(harness, { time }) {
      const message = sample('m', { orderingKey: 'k' })
      const { relay } = await bury(harness, time, [message])
      for (let round = 0; round < 3; round++) {
        await enqueue(harness, samples('k', 4, { orderingKey: 'k' }))
        await publishInTurns([relay], time, 4)
        assert.equal(await harness.storage.deadLetters.redrive({ topic: 'orders' }), 1)
        const claimed = await relay.collect(1)
        assert.deepEqual(claimedLabels(claimed), ['m'])
        await relay.bury(claimed)
      }
    },
  },
]
