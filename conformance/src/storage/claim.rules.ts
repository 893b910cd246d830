import assert from 'node:assert/strict'
import type { ClaimedMessage } from '@waybill/core/contracts'
import type { Rule } from '../rule.ts'
import { interleaved, labelOf, labelsOf, sample, samples } from '../samples.ts'
import { enqueue, joinAlone, otherProcess } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, publishInTurns, sharedLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

export const claimRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'claim/is-exclusive',
    level: 'required',
    statement: 'claim MUST NOT hand out what another live session may publish, however many sessions claim at once.',
    intent: 'Two relays that share a message publish it twice in the best case, and reverse its key in the worst.',
    async verify(harness, { time }) {
      const messages = samples('m', 120)
      const relays = await joinThree(harness, time)
      await enqueue(harness, messages)
      const owners = new Map<string, HandDrivenRelay>()
      const inHand = new Map<HandDrivenRelay, readonly ClaimedMessage[]>(relays.map((relay) => [relay, []]))
      await time.eventually('everything handed out', async () => {
        await Promise.all(relays.map((relay) => relay.publish(inHand.get(relay) ?? [])))
        const claims = await Promise.all(relays.map((relay) => relay.claim({ limit: 7 })))
        for (const [index, relay] of relays.entries()) inHand.set(relay, claims[index]?.messages ?? [])
        for (const [relay, claimed] of inHand) takeNote(owners, relay, claimed)
        return owners.size === messages.length ? true : undefined
      })
    },
  },
  {
    id: 'claim/keeps-key-order',
    level: 'required',
    statement: "claim MUST hand out a key's messages in the order in which they were enqueued, through all sessions.",
    intent: 'SKIP LOCKED gives a later row of a key to whoever comes second: `order.cancelled` before `order.placed`.',
    async verify(harness, { time }) {
      const messages = interleaved(['a', 'b', 'c', 'd', 'e'], 20)
      const relays = await joinThree(harness, time)
      for (let from = 0; from < messages.length; from += 25) await enqueue(harness, messages.slice(from, from + 25))
      const published = await publishInTurns(relays, time, messages.length, { limit: 6 })
      for (const key of ['a', 'b', 'c', 'd', 'e']) {
        const expected = labelsOf(messages.filter((message) => message.orderingKey === key))
        assert.deepEqual(
          published.filter((label) => label.startsWith(key)),
          expected,
        )
      }
    },
  },
  {
    id: 'claim/finds-everything',
    level: 'required',
    statement:
      'claim MUST hand out every committed message, also those that are enqueued while sessions claim and settle.',
    intent: 'A cursor that runs ahead of what it has seen leaves rows behind for ever.',
    async verify(harness, { time }) {
      const relay = await HandDrivenRelay.join(harness.storage, time)
      const published: string[] = []
      for (let round = 0; round < 10; round++) {
        await enqueue(harness, samples(`r${round}m`, 6))
        published.push(...(await publishInTurns([relay], time, 3, { limit: 3 })))
      }
      const rest = await publishInTurns([relay], time, 60 - published.length)
      assert.equal(new Set([...published, ...rest]).size, 60)
      assert.equal((await harness.storage.count()).pending, 0)
    },
  },
  {
    id: 'claim/spends-nothing',
    level: 'required',
    statement: 'claim MUST leave the attempt as it is: being handed out, released or given back spends nothing.',
    intent: 'A deployment that restarts relays often would dead-letter messages that were never tried.',
    async verify(harness, { time }) {
      await enqueue(harness, [sample('m')])
      for (let life = 0; life < 3; life++) {
        const relay = await HandDrivenRelay.join(harness.storage, time)
        const [first] = await relay.collect(1)
        assert.equal(first?.attempt, 1)
        await relay.release(first === undefined ? [] : [first])
        const [second] = await relay.collect(1)
        assert.equal(second?.attempt, 1)
        await relay.leave()
      }
    },
  },
  {
    id: 'claim/ended-session-gets-nothing',
    level: 'required',
    statement: 'claim MUST hand out nothing to a session that has ended.',
    intent: 'A relay that comes back from a long pause must not go on where it stopped.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await relay.leave()
      await enqueue(harness, samples('m', 5))
      assert.deepEqual(claimedLabels((await relay.claim()).messages), [])
      const next = await HandDrivenRelay.join(harness.storage, time)
      assert.equal((await publishInTurns([next], time, 5)).length, 5)
    },
  },
  {
    id: 'claim/ends-on-abort',
    level: 'required',
    statement: 'claim MUST reject with `signal.reason` when its signal has fired, keeping nothing in hand.',
    intent: 'What an aborted claim had taken would wait for the end of a lease that is renewed for ever.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      await enqueue(harness, samples('m', 3))
      const reason = new Error('stopping')
      const request = { limit: 10, maxBytes: 1e6, skipTopics: [], probeTopics: [] }
      const claim = async () => harness.storage.claim(relay.session, request, { signal: AbortSignal.abort(reason) })
      const thrown = await claim().catch((error: unknown) => error)
      assert.ok(thrown === reason, 'it did not reject with the reason of the signal')
      assert.equal((await relay.collect(3)).length, 3)
    },
  },
  {
    id: 'join/sessions-are-fresh',
    level: 'required',
    statement: 'join MUST give every session an id of its own.',
    intent: 'A restarted relay that is taken for its former self inherits a window that it knows nothing of.',
    async verify({ storage }) {
      const sessions = await Promise.all(
        ['same', 'same', 'other'].map((label) => storage.join({ label, leaseMs: 5000 })),
      )
      assert.equal(new Set(sessions.map(({ id }) => id)).size, 3)
    },
  },
]

async function joinThree(
  harness: AnyStorageHarness,
  time: Parameters<typeof HandDrivenRelay.join>[1],
): Promise<readonly HandDrivenRelay[]> {
  const options = { leaseMs: sharedLeaseMs }
  const sources = [harness.storage, await otherProcess(harness), harness.storage]
  return await Promise.all(sources.map((source) => HandDrivenRelay.join(source, time, options)))
}

function takeNote(
  owners: Map<string, HandDrivenRelay>,
  relay: HandDrivenRelay,
  claimed: readonly ClaimedMessage[],
): void {
  for (const { message } of claimed) {
    assert.ok(!owners.has(message.id), `${labelOf(message)} was handed out twice`)
    owners.set(message.id, relay)
  }
}
