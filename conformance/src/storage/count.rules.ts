import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import type { AnyStorageHarness } from './harness.ts'

export const countRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'count/counts-by-status',
    level: 'required',
    statement: 'count MUST count every message in exactly one status.',
    intent: 'An alarm on the backlog that counts history, or forgets what is in flight, is switched off.',
    async verify(harness, { time }) {
      const { storage } = harness
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 10))
      const claimed = await relay.collect(10)
      await relay.mark(claimed.slice(0, 6))
      await relay.published(claimed.slice(0, 4))
      await relay.bury(claimed.slice(6, 7))
      const { pending, processing, published, dead } = await storage.count()
      assert.deepEqual({ pending, processing, published, dead }, { pending: 3, processing: 2, published: 4, dead: 1 })
    },
  },
  {
    id: 'count/tells-the-oldest-age',
    level: 'required',
    statement: 'count MUST tell the age of the oldest message that is pending and due, and `null` if there is none.',
    intent: 'A backlog of ten messages that are a day old is worse than one of a million that are a second old.',
    async verify(harness, { time }) {
      const { storage } = harness
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [sample('scheduled', { delayMs: 3_600_000 })])
      assert.equal((await storage.count()).oldestPendingAgeMs, null)
      await enqueue(harness, [sample('old')])
      const start = time.now()
      await time.throughout(150, async () => undefined)
      await enqueue(harness, [sample('young')])
      const age = (await storage.count()).oldestPendingAgeMs
      const limit = time.now() - start + 1000
      assert.ok(age !== null && age >= 140 && age <= limit, `150 ms old, it is said to be ${age}`)
      await relay.publish(await relay.collect(2))
      assert.equal((await storage.count()).oldestPendingAgeMs, null)
    },
  },
]
