import assert from 'node:assert/strict'
import { WaybillError } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { need, type Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels, publishInTurns } from './hand-driven-relay.ts'
import { type AnyStorageHarness, disruption } from './harness.ts'

export const outageRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'storage/outage-is-a-retryable-error',
    level: 'fault',
    statement:
      'A call MUST work or reject with a retryable StorageError, in time, while the database cannot be reached.',
    intent: 'A driver error that nobody knows ends the relay; a call that never answers stops it.',
    requires: [disruption],
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 6))
      const held = await relay.collect(6)
      await need(harness, disruption).cut()
      await Promise.all([
        inTime(time, 'settle', relay.published(held)),
        inTime(time, 'claim', relay.claim()),
        inTime(time, 'renew', relay.renew()),
        inTime(time, 'markPublishing', relay.mark([])),
        inTime(time, 'transaction and insert', enqueue(harness, [sample('during')])),
      ])
      await need(harness, disruption).restore()
    },
  },
  {
    id: 'storage/goes-on-after-an-outage',
    level: 'fault',
    statement:
      'A storage MUST go on by itself after an outage: nothing is lost, and nothing settled is handed out again.',
    intent: 'After each failover somebody has to restart all relays; or what was in flight is gone.',
    requires: [disruption],
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 6))
      const held = await relay.collect(6)
      await need(harness, disruption).cut()
      await inTime(time, 'settle', relay.published(held.slice(0, 3)))
      await need(harness, disruption).restore()
      await time.eventually('the settlement', async () => {
        return await relay.published(held.slice(0, 3)).then(
          () => true,
          () => undefined,
        )
      })
      await relay.release(held.slice(3))
      await enqueue(harness, [sample('after')])
      const rest = [...claimedLabels(held.slice(3)), 'after']
      assert.deepEqual((await publishInTurns([relay], time, 4)).toSorted(), rest.toSorted())
      assert.deepEqual(claimedLabels(await relay.claimFor(60)), [])
    },
  },
]

/** Fails if the call does not answer, or rejects with what core cannot act on. */
async function inTime(time: Timeline, what: string, call: Promise<unknown>): Promise<void> {
  const answer = await time.within(
    10_000,
    call.then(
      () => 'done' as const,
      (error: unknown) => ({ error }),
    ),
  )
  assert.ok(answer, `${what} did not answer`)
  if (answer === 'done') return
  const { error } = answer
  assert.ok(WaybillError.isInstance(error) && error.retryable, `${what} rejected with ${String(error)}`)
}
