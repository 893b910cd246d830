import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { samples } from '../samples.ts'
import { enqueue, joinAlone, otherProcess } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, shortLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const short = { leaseMs: shortLeaseMs }
const three = ['m1', 'm2', 'm3']

export const leaseRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'lease/expired-work-is-handed-out-again',
    level: 'required',
    statement: 'claim MUST hand out what a session held whose lease has ended, as if it had never been handed out.',
    intent: 'Messages of a relay that was killed stay claimed for ever.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 3, { orderingKey: 'k' }))
      await killed.collect(3)
      const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      for (const message of await next.collect(3)) {
        const { attempt, crashes, suspect } = message
        assert.deepEqual({ attempt, crashes, suspect }, { attempt: 1, crashes: 0, suspect: false })
      }
    },
  },
  {
    id: 'lease/expired-work-keeps-its-order',
    level: 'required',
    statement: "claim MUST hand out an ended session's messages of a key before later ones.",
    intent: 'A takeover that begins with what is new reverses every key that was in flight.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('k', 6, { orderingKey: 'k' }))
      const [first, ...rest] = await killed.collect(3, { limit: 3 })
      assert.ok(first)
      assert.equal(rest.length, 2)
      await killed.publish([first])
      const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      assert.deepEqual(claimedLabels(await next.collect(5)), ['k2', 'k3', 'k4', 'k5', 'k6'])
    },
  },
  {
    id: 'lease/renewal-keeps-possession',
    level: 'required',
    statement: 'renew MUST extend the lease: while a session renews in time, nobody else gets what it holds.',
    intent: 'A batch that takes longer than the lease is published by two relays.',
    async verify(harness, { time }) {
      const busy = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 3))
      const held = await busy.collect(3)
      const other = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      await time.throughout(3 * shortLeaseMs, async () => {
        assert.equal(await busy.renew(), true, 'a live session lost its lease')
        await other.renew()
        assert.deepEqual(claimedLabels((await other.claim()).messages), [])
      })
      assert.equal((await busy.retry(held, 0)).lost.length, 0)
    },
  },
  {
    id: 'lease/marking-renews',
    level: 'required',
    statement: 'markPublishing MUST renew the lease.',
    intent: 'A busy relay would need a second statement a batch, or lose its lease while it works.',
    async verify(harness, { time }) {
      const busy = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 3))
      const held = await busy.collect(3)
      const other = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      await time.throughout(3 * shortLeaseMs, async () => {
        assert.equal((await busy.mark(held)).lost.length, 0, 'a live session lost its lease')
        await other.renew()
        assert.deepEqual(claimedLabels((await other.claim()).messages), [])
      })
    },
  },
  {
    id: 'lease/ended-session-may-not-publish',
    level: 'required',
    statement:
      'renew MUST answer `held: false` and markPublishing MUST report every token lost once a session has ended.',
    intent: 'A relay that was paused beyond its lease publishes what its successor has published already.',
    async verify(harness, { time }) {
      const paused = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 3, { orderingKey: 'k' }))
      const held = await paused.collect(3)
      const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      await next.collect(3)
      assert.equal((await paused.mark(held)).lost.length, 3)
      assert.equal(await paused.renew(), false)
      assert.equal((await next.mark([])).lost.length, 0, 'the successor lost its lease by that')
    },
  },
  {
    id: 'lease/leave-frees-at-once',
    level: 'required',
    statement: 'leave MUST free what the session holds without waiting for the lease, and do nothing the second time.',
    intent: 'Each deployment stops the flow of messages for the length of a lease.',
    async verify(harness, { time }) {
      const leaving = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 3))
      await leaving.collect(3)
      const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      await leaving.leave()
      const claimed = (await next.publishAll(3)).flat()
      assert.deepEqual(claimedLabels(claimed).toSorted(), three)
      assert.ok(claimed.every(({ attempt, suspect }) => attempt === 1 && !suspect))
      await leaving.leave()
      assert.equal(await next.renew(), true, 'leaving twice took the lease of another session')
    },
  },
]
