import assert from 'node:assert/strict'
import type { Timeline } from '../eventually.ts'
import { need, type Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels, publishInTurns } from './hand-driven-relay.ts'
import { type AnyStorageHarness, writers } from './harness.ts'

/**
 * Databases with several writers: positions are drawn at the insert and become visible at the commit, in another order. Where
 * there is one writer at a time, that cannot be; then it is verified that there is.
 */
export const claimWriterRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'claim/finds-late-commits',
    level: 'required',
    statement: 'claim MUST hand out a message whose transaction commits after later positions have been published.',
    intent: 'Sequence order is not commit order: a cursor loses the rows of the slower transaction.',
    requires: [writers],
    async verify(harness, { time }) {
      const database = need(harness, writers)
      if (database.type === 'one') return await verifyOneWriter(harness, time)
      const relay = await joinAlone(harness, time)
      for (const label of ['first', 'second', 'third']) {
        const slow = await database.open()
        await harness.storage.insert(slow.tx, [sample(label)])
        for (let round = 0; round < 4; round++) {
          await enqueue(harness, samples('fast', 5))
          await publishInTurns([relay], time, 5)
        }
        await slow.commit()
        assert.deepEqual(await publishInTurns([relay], time, 1), [label])
      }
    },
  },
  {
    id: 'claim/late-commit-keeps-key-order',
    level: 'required',
    statement: 'claim MUST hand out the message of a late commit before later messages of its key.',
    intent:
      'T1 inserts 10 for key K, T2 publishes 11, T1 commits, T3 inserts 12 for K: a floor at 11 publishes 12 before 10.',
    requires: [writers],
    async verify(harness, { time }) {
      const database = need(harness, writers)
      if (database.type === 'one') return await verifyOneWriter(harness, time)
      const relay = await joinAlone(harness, time)
      const slow = await database.open()
      await harness.storage.insert(slow.tx, [sample('k1', { orderingKey: 'k' })])
      await enqueue(harness, samples('other', 3))
      await publishInTurns([relay], time, 3)
      for (let idle = 0; idle < 5; idle++) assert.deepEqual(claimedLabels((await relay.claim()).messages), [])
      await slow.commit()
      await enqueue(harness, [sample('k2', { orderingKey: 'k' })])
      assert.deepEqual(await publishInTurns([relay], time, 2, { limit: 1 }), ['k1', 'k2'])
    },
  },
  {
    id: 'claim/goes-on-beside-an-open-writer',
    level: 'required',
    statement: 'claim MUST hand out what has been committed although another transaction that has inserted stays open.',
    intent: 'One transaction left idle in a debugger stops the whole outbox.',
    requires: [writers],
    async verify(harness, { time }) {
      const database = need(harness, writers)
      if (database.type === 'one') return await verifyOneWriter(harness, time)
      const relay = await joinAlone(harness, time)
      const open = await database.open()
      await harness.storage.insert(open.tx, [sample('open', { orderingKey: 'k' })])
      for (let round = 0; round < 8; round++) {
        await enqueue(harness, samples('m', 3, { orderingKey: 'k' }))
        assert.deepEqual(claimedLabels(await relay.collect(3)), ['m1', 'm2', 'm3'])
      }
      await open.rollback()
      await enqueue(harness, [sample('after')])
      assert.deepEqual(claimedLabels(await relay.collect(1)), ['after'])
    },
  },
]

/** While one transaction that has inserted is open, another cannot commit. */
async function verifyOneWriter(harness: AnyStorageHarness, time: Timeline): Promise<void> {
  const [inserted, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = harness.runner.transaction(async (tx) => {
    await harness.storage.insert(tx, [sample('first')])
    inserted.resolve()
    await mayEnd.promise
  })
  await Promise.race([inserted.promise, first])
  const second = enqueue(harness, [sample('second')]).then(() => 'committed')
  const early = await time.within(150, second)
  mayEnd.resolve()
  await Promise.all([first, second])
  assert.equal(early, undefined, 'a second transaction committed while the first was open: this is no single writer')
}
