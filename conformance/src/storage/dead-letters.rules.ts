import assert from 'node:assert/strict'
import type { DeadLetterFilter, DeadReason, OutboxMessage } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { Rule } from '../rule.ts'
import { comparable, labelsOf, sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels, type HandDrivenRelay } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

export const deadLetterRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'dead-letters/tells-what-died',
    level: 'required',
    statement: 'list MUST tell the whole message, why it died, with which error, and after how many attempts.',
    intent: 'An operator has to guess from logs why a message was given up.',
    async verify(harness, { time }) {
      const message = sample('m', { orderingKey: 'k', headers: { tenant: 'ü' } })
      const before = time.wallNow()
      await bury(harness, time, [message])
      const [letter, ...rest] = await harness.storage.deadLetters.list()
      assert.ok(letter)
      assert.deepEqual(rest, [])
      assert.deepEqual(comparable(letter.message), comparable(message))
      assert.equal(letter.reason, 'rejected')
      assert.deepEqual({ ...letter.error }, { code: 'BROKER_REJECTED', message: 'the broker said no' })
      assert.equal(letter.attempts, 1)
      assert.equal(letter.crashes, 0)
      assert.ok(
        letter.diedAt >= before - 60_000 && letter.diedAt <= time.wallNow() + 60_000,
        `died at ${letter.diedAt}`,
      )
    },
  },
  {
    id: 'dead-letters/lists-oldest-first',
    level: 'required',
    statement: 'list MUST answer the oldest death first, `limit` at most.',
    intent: 'A page that shows another hundred at each look cannot be worked through.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      for (const label of ['first', 'second', 'third', 'fourth']) {
        await enqueue(harness, [sample(label)])
        await relay.bury(await relay.collect(1))
        await time.throughout(20, async () => undefined)
      }
      const { deadLetters } = harness.storage
      const all = labelsOf((await deadLetters.list()).map(({ message }) => message))
      assert.deepEqual(all, ['first', 'second', 'third', 'fourth'])
      const some = labelsOf((await deadLetters.list({ limit: 2 })).map(({ message }) => message))
      assert.deepEqual(some, ['first', 'second'])
    },
  },
  {
    id: 'dead-letters/filters-by-every-condition',
    level: 'required',
    statement: 'A filter MUST select the dead letters that fulfil all of its conditions, and no others.',
    intent: 'A redrive of one topic brings back the poison of another.',
    async verify(harness, { time }) {
      const a = sample('a', { topic: 'mail', type: 'mail.sent', orderingKey: 'k' })
      const b = sample('b', { topic: 'mail', type: 'mail.read', orderingKey: 'j' })
      const c = sample('c', { topic: 'orders', type: 'mail.sent', orderingKey: 'k' })
      const { relay } = await bury(harness, time, [a, b])
      await enqueue(harness, [c])
      await relay.bury(await relay.collect(1), 'expired')
      const select = async (filter: DeadLetterFilter) =>
        labelsOf((await harness.storage.deadLetters.list(filter)).map(({ message }) => message)).toSorted()
      assert.deepEqual(await select({ topic: 'mail' }), ['a', 'b'])
      assert.deepEqual(await select({ type: 'mail.sent' }), ['a', 'c'])
      assert.deepEqual(await select({ orderingKey: 'k' }), ['a', 'c'])
      assert.deepEqual(await select({ reason: 'expired' }), ['c'])
      assert.deepEqual(await select({ ids: [b.id, c.id] }), ['b', 'c'])
      assert.deepEqual(await select({ ids: [] }), [], 'no ids select nothing')
      assert.deepEqual(await select({ topic: 'mail', orderingKey: 'k' }), ['a'])
      assert.equal(await harness.storage.deadLetters.discard({ topic: 'mail', type: 'mail.read' }), 1)
      assert.equal(await harness.storage.deadLetters.redrive({ topic: 'mail', reason: 'expired' }), 0)
      assert.deepEqual(await select({ all: true }), ['a', 'c'])
    },
  },
  {
    id: 'dead-letters/refuses-an-empty-filter',
    level: 'required',
    statement: 'redrive and discard MUST refuse a filter without a condition unless it says `all: true`.',
    intent: 'A variable that happened to be undefined empties the dead letters.',
    async verify(harness, { time }) {
      await bury(harness, time, samples('m', 2))
      const { deadLetters } = harness.storage
      await assert.rejects(async () => deadLetters.redrive({}), { code: 'CONFIGURATION' })
      await assert.rejects(async () => deadLetters.discard({}), { code: 'CONFIGURATION' })
      assert.equal((await deadLetters.list()).length, 2)
      assert.equal(await deadLetters.discard({ all: true }), 2)
    },
  },
  {
    id: 'dead-letters/discard-removes',
    level: 'required',
    statement: 'discard MUST remove the selected dead letters for ever, and answer how many.',
    intent: 'What an operator has thrown away comes back.',
    async verify(harness, { time }) {
      const messages = samples('m', 3)
      const { relay } = await bury(harness, time, messages)
      const ids = messages.slice(0, 2).map(({ id }) => id)
      assert.equal(await harness.storage.deadLetters.discard({ ids }), 2)
      assert.equal(await harness.storage.deadLetters.discard({ ids }), 0)
      for (const id of ids) assert.equal(await harness.storage.inspect(id), null)
      assert.equal((await harness.storage.count()).dead, 1)
      assert.deepEqual(claimedLabels(await relay.claimFor(60)), [])
    },
  },
  {
    id: 'dead-letters/touches-only-the-dead',
    level: 'required',
    statement: 'redrive and discard MUST NOT touch messages in another status, also when their ids are given.',
    intent: 'A list of ids that is a minute old removes what has been redriven since.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const [published, pending] = [sample('published'), sample('pending')]
      await enqueue(harness, [published])
      await relay.publish(await relay.collect(1))
      await enqueue(harness, [pending])
      const filter = { ids: [published.id, pending.id, 'unknown'] }
      assert.equal(await harness.storage.deadLetters.redrive(filter), 0)
      assert.equal(await harness.storage.deadLetters.discard(filter), 0)
      assert.equal((await harness.storage.inspect(published.id))?.status, 'PUBLISHED')
      assert.equal((await harness.storage.inspect(pending.id))?.status, 'PENDING')
    },
  },
]

/** Enqueues the messages and lets them die. */
export async function bury(
  harness: AnyStorageHarness,
  time: Timeline,
  messages: readonly OutboxMessage[],
  reason: DeadReason = 'rejected',
): Promise<{ readonly relay: HandDrivenRelay }> {
  const relay = await joinAlone(harness, time)
  await enqueue(harness, messages)
  await relay.bury(await relay.collect(messages.length), reason)
  return { relay }
}
