import assert from 'node:assert/strict'
import type { ClaimedMessage } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import { enqueue, joinAlone, otherProcess } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, shortLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const short = { leaseMs: shortLeaseMs }

export const suspectRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'lease/suspects-come-alone',
    level: 'required',
    statement:
      'claim MUST hand out a message that stood in the window of an ended session alone and marked as suspect.',
    intent: 'A message that kills the process takes its whole batch with it, again and again.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 6))
      const held = await killed.collect(6)
      await killed.mark(held.slice(0, 3))
      const batches = await takeOver(harness, time, 6)
      for (const batch of batches)
        if (batch.some(({ suspect }) => suspect)) assert.equal(batch.length, 1, 'a suspect came with others')
      const suspects = claimedLabels(batches.flat().filter(({ suspect }) => suspect))
      assert.deepEqual(suspects.toSorted(), claimedLabels(held.slice(0, 3)).toSorted())
    },
  },
  {
    id: 'lease/suspects-take-turns',
    level: 'required',
    statement: 'claim MUST hand out suspects and other messages in turn, as long as there are both.',
    intent: 'A relay that was killed with a full window stops the flow until all of it has been published one by one.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 4))
      await killed.mark(await killed.collect(4))
      const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
      // When one suspect has waited long enough, all have.
      let batch = await next.collectSome()
      await enqueue(harness, samples('other', 8))
      const turns: string[] = []
      for (let left = 4 + 8; ; batch = await next.collectSome({ limit: 2 })) {
        turns.push(batch.some(({ suspect }) => suspect) ? 'suspect' : 'others')
        await next.publish(batch)
        left -= batch.length
        if (left === 0) break
      }
      const inTurn = ['suspect', 'others', 'suspect', 'others', 'suspect', 'others', 'suspect', 'others']
      assert.deepEqual(turns, inTurn)
    },
  },
  {
    id: 'lease/suspects-keep-key-order',
    level: 'required',
    statement: 'claim MUST hand out a suspect before later messages of its key.',
    intent: 'Setting suspects aside lets the rest of their key overtake them.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('k', 4, { orderingKey: 'k' }))
      const [first] = await killed.collect(4)
      assert.ok(first)
      await killed.mark([first])
      const batches = await takeOver(harness, time, 4)
      assert.deepEqual(claimedLabels(batches.flat()), ['k1', 'k2', 'k3', 'k4'])
    },
  },
  {
    id: 'lease/counts-crashes-of-suspects-only',
    level: 'required',
    statement:
      '`crashes` MUST grow when a session ends while publishing a suspect, and MUST NOT when it was none before.',
    intent: 'A crash blames the whole batch, and innocent messages end dead beside the guilty one.',
    async verify(harness, { time }) {
      await enqueue(harness, [sample('bomb')])
      const counts: number[] = []
      for (let life = 0; life < 4; life++) {
        const relay = await HandDrivenRelay.join(harness.storage, time, short)
        const claimed = await relay.collect(1)
        counts.push(claimed[0]?.crashes ?? -1)
        await relay.mark(claimed)
      }
      assert.deepEqual(counts, [0, 0, 1, 2])
    },
  },
  {
    id: 'lease/empty-window-leaves-no-suspects',
    level: 'required',
    statement: 'markPublishing MUST replace the window: what stood in it before is no suspect when the session ends.',
    intent: 'Everything that a relay has ever published is suspected when it ends, and comes one by one.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 4))
      const held = await killed.collect(4)
      await killed.mark(held.slice(0, 3))
      await killed.mark(held.slice(3))
      await killed.mark([])
      const batches = await takeOver(harness, time, 4)
      assert.deepEqual(claimedLabels(batches.flat().filter(({ suspect }) => suspect)), [])
    },
  },
  {
    id: 'lease/settled-messages-are-no-suspects',
    level: 'required',
    statement: 'settle MUST take a message out of the window.',
    intent: 'A message with a known outcome is suspected because the relay was killed a moment later.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 4))
      const held = await killed.collect(4)
      await killed.mark(held)
      await killed.published(held.slice(0, 1))
      await killed.retry(held.slice(1, 2), 0)
      await killed.release(held.slice(2, 3))
      const claimed = (await takeOver(harness, time, 3)).flat()
      const suspects = claimedLabels(claimed.filter(({ suspect }) => suspect))
      assert.deepEqual(suspects, claimedLabels(held.slice(3)))
    },
  },
  {
    id: 'lease/settled-messages-do-not-come-back',
    level: 'required',
    statement: 'markPublishing MUST pass over tokens that have been settled.',
    intent:
      'A window is written for two batches while outcomes of the first come in, and what has one is suspected after a crash.',
    async verify(harness, { time }) {
      const killed = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 5))
      const held = await killed.collect(5)
      await killed.mark(held.slice(0, 4))
      await killed.published(held.slice(0, 1))
      await killed.retry(held.slice(1, 2), 0)
      await killed.release(held.slice(2, 3))
      await killed.mark(held)
      const claimed = (await takeOver(harness, time, 4)).flat()
      const suspects = claimedLabels(claimed.filter(({ suspect }) => suspect))
      assert.deepEqual(suspects, claimedLabels(held.slice(3)))
    },
  },
  {
    id: 'lease/leaving-with-a-window-leaves-suspects',
    level: 'required',
    statement: 'leave MUST treat what stands in the window as after a crash: its outcome is unknown.',
    intent: 'A relay that stops while the broker hangs passes a message on as if it had never been sent.',
    async verify(harness, { time }) {
      const leaving = await joinAlone(harness, time, short)
      await enqueue(harness, samples('m', 2))
      const held = await leaving.collect(2)
      await leaving.mark(held.slice(0, 1))
      await leaving.leave()
      const claimed = (await takeOver(harness, time, 2)).flat()
      const suspects = claimedLabels(claimed.filter(({ suspect }) => suspect))
      assert.deepEqual(suspects, claimedLabels(held.slice(0, 1)))
    },
  },
]

/** What a successor is handed out, claim by claim, publishing as it goes. */
async function takeOver(
  harness: AnyStorageHarness,
  time: Timeline,
  count: number,
): Promise<readonly (readonly ClaimedMessage[])[]> {
  const next = await HandDrivenRelay.join(await otherProcess(harness), time, short)
  return await next.publishAll(count)
}
