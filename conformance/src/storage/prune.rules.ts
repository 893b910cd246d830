import assert from 'node:assert/strict'
import type { Timeline } from '../eventually.ts'
import type { Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import type { AnyStorageHarness } from './harness.ts'

export const pruneRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'prune/removes-old-history',
    level: 'required',
    statement:
      'prune MUST remove all published messages older than `olderThanMs`, also in several batches, and answer how many.',
    intent: 'History grows until the disk is full; a prune of one batch a day never catches up.',
    async verify(harness, { time }) {
      await publishSome(harness, time, 7)
      await time.throughout(150, async () => undefined)
      assert.equal(await harness.storage.prune({ olderThanMs: 100, batchSize: 2 }), 7)
      assert.equal((await harness.storage.count()).published, 0)
    },
  },
  {
    id: 'prune/keeps-recent-history',
    level: 'required',
    statement: 'prune MUST keep published messages that are younger than `olderThanMs`, by the time of publication.',
    intent: 'A message that waited for a day is pruned in the moment it is published.',
    async verify(harness, { time }) {
      const message = sample('m', { createdAt: 0 })
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [message])
      await time.throughout(300, async () => undefined)
      await relay.publish(await relay.collect(1))
      assert.equal(await harness.storage.prune({ olderThanMs: 3_600_000 }), 0)
      assert.equal((await harness.storage.inspect(message.id))?.status, 'PUBLISHED')
    },
  },
  {
    id: 'prune/touches-only-history',
    level: 'required',
    statement: 'prune MUST NOT remove a message that is pending, in a window, held or dead, however old.',
    intent: 'A backlog that is older than the retention is lost.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const messages = samples('m', 5)
      await enqueue(harness, messages)
      const claimed = await relay.collect(5)
      await relay.mark(claimed.slice(0, 1))
      await relay.retry(claimed.slice(1, 2), 60_000)
      await relay.bury(claimed.slice(2, 3))
      await relay.release(claimed.slice(3))
      await time.throughout(100, async () => undefined)
      assert.equal(await harness.storage.prune({ olderThanMs: 0 }), 0)
      for (const { id } of messages) assert.notEqual(await harness.storage.inspect(id), null, `${id} is gone`)
    },
  },
  {
    id: 'storage/closes-twice',
    level: 'required',
    statement: 'close MUST be safe to repeat.',
    intent: 'A shutdown hook and a test both close, and the second one throws in place of the real failure.',
    async verify({ storage }) {
      await storage.close()
      await storage.close()
    },
  },
  {
    id: 'storage/states-its-version',
    level: 'required',
    statement: 'A storage MUST state the version of the contracts that it was made for, and a name.',
    intent: 'An adapter of another major version fails in the middle of the night and not at start-up.',
    async verify({ storage }) {
      assert.equal(storage.specificationVersion, 'v1')
      assert.notEqual(storage.name, '')
    },
  },
]

async function publishSome(harness: AnyStorageHarness, time: Timeline, count: number): Promise<void> {
  const relay = await joinAlone(harness, time)
  await enqueue(harness, samples('m', count))
  await relay.publish(await relay.collect(count))
}
