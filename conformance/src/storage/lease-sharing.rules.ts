import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { labelsOf, samples } from '../samples.ts'
import { enqueue, joinAlone, otherProcess } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, publishInTurns, sharedLeaseMs, shortLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const shared = { leaseMs: sharedLeaseMs }

export const sharingRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'lease/newcomer-gets-a-share',
    level: 'required',
    statement: 'claim MUST hand out a fair share of the keys to a session that joins while another is at work.',
    intent: 'A second relay is started against a backlog and stays idle.',
    async verify(harness, { time }) {
      const first = await HandDrivenRelay.join(harness.storage, time, shared)
      await enqueue(harness, samples('m', 100))
      await publishInTurns([first], time, 100)
      const second = await HandDrivenRelay.join(await otherProcess(harness), time, shared)
      const share = await time.eventually('both publish a quarter or more of 100 messages', async () => {
        const messages = samples('m', 100)
        await enqueue(harness, messages)
        const claimed = await Promise.all([first.claim({ limit: 100 }), second.claim({ limit: 100 })])
        const [mine, theirs] = claimed.map((claim) => claim.messages)
        await first.publish(mine ?? [])
        await second.publish(theirs ?? [])
        await publishInTurns([first, second], time, 100 - (mine?.length ?? 0) - (theirs?.length ?? 0))
        return Math.min(mine?.length ?? 0, theirs?.length ?? 0) >= 25 ? [mine?.length, theirs?.length] : undefined
      })
      assert.equal(share.length, 2)
    },
  },
  {
    id: 'lease/survivor-gets-everything',
    level: 'required',
    statement: 'claim MUST hand out all keys to the sessions that live when others have ended.',
    intent: 'The lanes of a relay that was scaled away wait for somebody to restart the rest.',
    async verify(harness, { time }) {
      const options = { leaseMs: shortLeaseMs }
      const relays = [
        await HandDrivenRelay.join(harness.storage, time, options),
        await HandDrivenRelay.join(harness.storage, time, options),
        await HandDrivenRelay.join(await otherProcess(harness), time, options),
      ] as const
      await enqueue(harness, samples('m', 60))
      await publishInTurns(relays, time, 60, { limit: 10 })
      const last = samples('last', 60)
      await enqueue(harness, last)
      await relays[0].leave()
      const published = await publishInTurns(relays.slice(2), time, 60)
      assert.deepEqual(published.toSorted(), labelsOf(last).toSorted())
    },
  },
  {
    id: 'lease/takeover-leaves-others-alone',
    level: 'required',
    statement: "A takeover from one session MUST NOT touch another's possessions.",
    intent: 'One killed relay makes its neighbours lose their leases, and everything is published twice.',
    async verify(harness, { time }) {
      const survivor = await joinAlone(harness, time, shared)
      await enqueue(harness, samples('m', 40))
      const held = await survivor.collect(40)
      const killed = await HandDrivenRelay.join(await otherProcess(harness), time, { leaseMs: shortLeaseMs })
      await killed.claim()
      const third = await HandDrivenRelay.join(await otherProcess(harness), time, shared)
      await time.throughout(3 * shortLeaseMs, async () => {
        assert.equal(await survivor.renew(), true)
        await third.renew()
        assert.deepEqual(claimedLabels((await third.claim()).messages), [])
      })
      assert.equal((await survivor.mark(held)).lost.length, 0)
      assert.equal((await survivor.retry(held, 0)).lost.length, 0)
    },
  },
]
