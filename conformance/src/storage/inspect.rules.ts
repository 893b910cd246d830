import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { comparable, sample, samples } from '../samples.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import type { AnyStorageHarness } from './harness.ts'

export const inspectRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'inspect/tells-every-status',
    level: 'required',
    statement:
      'inspect MUST tell PENDING, PROCESSING (in a live window), PUBLISHED and DEAD apart, with the whole message.',
    intent: 'An operator cannot see where a message is without knowing the tables.',
    async verify(harness, { time }) {
      const { storage } = harness
      const relay = await joinAlone(harness, time)
      const message = sample('m', { orderingKey: 'k', headers: { tenant: 'ü' } })
      const status = async (): Promise<string | undefined> => (await storage.inspect(message.id))?.status
      await enqueue(harness, [message, sample('dead')])
      const found = await storage.inspect(message.id)
      assert.deepEqual(found && comparable(found.message), comparable(message))
      assert.equal(found?.status, 'PENDING')
      const claimed = await relay.collect(2)
      const [mine] = claimed.filter((each) => each.message.id === message.id)
      const [other] = claimed.filter((each) => each !== mine)
      assert.ok(mine && other)
      await relay.mark([mine])
      assert.equal(await status(), 'PROCESSING')
      await relay.published([mine])
      assert.equal(await status(), 'PUBLISHED')
      await relay.bury([other])
      assert.equal((await storage.inspect(other.message.id))?.status, 'DEAD')
    },
  },
  {
    id: 'inspect/unknown-id-is-null',
    level: 'required',
    statement: 'inspect MUST answer `null` for an id that is not in the outbox.',
    intent: 'Looking for a message that was pruned is no error.',
    async verify({ storage }) {
      assert.equal(await storage.inspect('never-enqueued'), null)
    },
  },
  {
    id: 'inspect/tells-attempts-and-error',
    level: 'required',
    statement: 'inspect MUST tell the attempts spent and the error of the last one.',
    intent: 'A message that fails for hours shows no reason until it is dead.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const message = sample('m')
      await enqueue(harness, [message])
      const before = await harness.storage.inspect(message.id)
      assert.deepEqual([before?.attempts, before?.crashes, before?.suspect, before?.lastError], [0, 0, false, null])
      await relay.retry(await relay.collect(1), 60_000)
      const after = await harness.storage.inspect(message.id)
      assert.equal(after?.attempts, 1)
      assert.deepEqual({ ...after?.lastError }, { code: 'BROKER_REJECTED', message: 'the broker said no' })
    },
  },
  {
    id: 'inspect/tells-the-owner',
    level: 'required',
    statement: 'inspect MUST tell which relay is responsible for the message now, and `null` if there is none.',
    intent: 'With ten relays nobody knows whose log to read.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time, { label: 'relay-7' })
      const message = sample('m')
      await enqueue(harness, [message])
      const [claimed] = await relay.collect(1)
      assert.ok(claimed)
      const owned = await harness.storage.inspect(message.id)
      assert.deepEqual({ ...owned?.owner }, { label: 'relay-7', session: relay.session.id })
      await relay.release([claimed])
      await relay.leave()
      assert.equal((await harness.storage.inspect(message.id))?.owner, null)
    },
  },
  {
    id: 'inspect/tells-why-it-waits',
    level: 'required',
    statement:
      'inspect MUST name what stands in the way of a pending message: its schedule, a hold, an earlier message, no relay.',
    intent: '"Why is it not moving?" is the question of every incident.',
    async verify(harness, { time }) {
      const { storage } = harness
      const obstacles = async (id: string) => (await storage.inspect(id))?.obstacles ?? []
      const [first, second, later] = [...samples('k', 2, { orderingKey: 'k' }), sample('later', { delayMs: 60_000 })]
      assert.ok(first && second && later)
      const relay = await joinAlone(harness, time)
      await enqueue(harness, [first, second, later])
      assert.deepEqual(await obstacles(first.id), [])
      const behind = (await obstacles(second.id)).find((each) => each.type === 'behind')
      assert.equal(behind?.messageId, first.id)
      const scheduled = (await obstacles(later.id)).find((each) => each.type === 'scheduled')
      assert.ok(scheduled && scheduled.dueInMs > 0 && scheduled.dueInMs <= 60_000)
      const claimed = await relay.collect(2)
      await relay.retry(claimed.slice(0, 1), 30_000)
      await relay.release(claimed.slice(1))
      for (const { id } of [first, second]) {
        const held = (await obstacles(id)).find((each) => each.type === 'held')
        assert.equal(held?.by, first.id)
        assert.ok(held.dueInMs > 0 && held.dueInMs <= 30_000)
      }
      await relay.leave()
      assert.ok((await obstacles(first.id)).some(({ type }) => type === 'no-relay'))
    },
  },
]
