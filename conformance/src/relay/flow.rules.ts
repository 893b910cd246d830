import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { interleaved, labelsOf, sample, samples } from '../samples.ts'
import { Crew } from './crew.ts'
import type { AnyRelayHarness } from './harness.ts'
import { ScriptedPublisher } from './scripted-publisher.ts'

export const relayFlowRules: readonly Rule<AnyRelayHarness>[] = [
  {
    id: 'relay/publishes-everything-once',
    level: 'required',
    statement:
      'Relays MUST publish every committed message, none that rolled back, and none twice while nothing fails.',
    intent: 'Two relays take the same batch, or one settles before it has published.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      const [topic] = harness.topics
      const storage = (await harness.reopen?.()) ?? harness.storage
      const relays = [await crew.start({ batchSize: 20 }), await crew.start({ batchSize: 20, storage })]
      for (let round = 0; round < 5; round++) {
        await crew.enqueue(samples(`r${round}m`, 30, { topic }))
        const rollback = harness.runner.transaction(async (tx) => {
          await harness.storage.insert(tx, samples('phantom', 3, { topic }))
          throw new Error('the business said no')
        })
        await assert.rejects(rollback, { message: 'the business said no' })
      }
      await crew.settled()
      for (const relay of relays) await crew.stop(relay)
      const labels = labelsOf(await crew.published(150))
      assert.equal(labels.length, 150)
      assert.equal(new Set(labels).size, 150)
      assert.deepEqual(
        labels.filter((label) => label.startsWith('phantom')),
        [],
      )
    },
  },
  {
    id: 'relay/keeps-key-order',
    level: 'required',
    statement: 'Relays MUST publish the messages of a key in their order, also while some fail and are tried again.',
    intent: 'The message that follows a failed one is already on its way, and overtakes it.',
    async verify(harness, { time }) {
      const keys = ['a', 'b', 'c']
      const messages = interleaved(keys, 12, { topic: harness.topics[0] })
      const sometimes = new Set(messages.filter((_, index) => index % 5 === 2).map(({ id }) => id))
      await using crew = new Crew(harness, time, ({ id }, attempt) =>
        sometimes.has(id) && attempt < 3 ? 'reject' : 'publish',
      )
      const relay = await crew.start({ batchSize: 6 })
      for (let from = 0; from < messages.length; from += 12) await crew.enqueue(messages.slice(from, from + 12))
      const read = labelsOf(await crew.published(messages.length))
      await crew.stop(relay)
      for (const key of keys) {
        const expected = labelsOf(messages.filter(({ orderingKey }) => orderingKey === key))
        assert.deepEqual(
          read.filter((label) => label.startsWith(key)),
          expected,
        )
      }
    },
  },
  {
    id: 'relay/one-message-of-a-key-at-a-time',
    level: 'required',
    statement: 'A relay MUST NOT have two messages of a key in flight with a publisher that is not atomic per key.',
    intent: 'The broker confirms the second and drops the first.',
    async verify(harness, { time }) {
      const publisher = new ScriptedPublisher(harness.publisher, undefined, { atomicPerKey: false })
      await using crew = new Crew(harness, time, undefined, publisher)
      const relay = await crew.start()
      await crew.enqueue(interleaved(['a', 'b', 'c'], 6, { topic: harness.topics[0] }))
      await crew.settled()
      await crew.stop(relay)
      for (const call of publisher.calls) {
        const keys = call.map(({ orderingKey }) => orderingKey)
        assert.equal(new Set(keys).size, keys.length, `a call with the keys ${keys.join()}`)
      }
    },
  },
  {
    id: 'relay/waits-until-available',
    level: 'required',
    statement: 'A relay MUST NOT publish a message before it is available, and MUST soon after, though it is idle.',
    intent: 'A relay that has nothing to do sleeps for its longest interval while a scheduled message is due.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      const relay = await crew.start({ idlePollIntervalMs: 60_000, pollIntervalMs: 60_000 })
      const start = time.now()
      await crew.enqueue([sample('m', { topic: harness.topics[0], delayMs: 500 })])
      await crew.published(1)
      assert.ok(time.now() - start >= 495, `delayed by 500 ms, it was published after ${time.now() - start}`)
      await crew.stop(relay)
    },
  },
  {
    id: 'relay/drain-counts',
    level: 'required',
    statement: 'drain MUST publish everything that is due, leave what has to wait, and answer what it did.',
    intent: 'A test that drains and then looks finds nothing, or waits for a retry for minutes.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      await using crew = new Crew(harness, time, ({ type }) =>
        type === 'order.refused' ? 'refuse' : type === 'order.rejected' ? 'reject' : 'publish',
      )
      const [refused, rejected] = [
        sample('bad', { topic, type: 'order.refused' }),
        sample('later', { topic, type: 'order.rejected' }),
      ]
      await crew.enqueue([
        ...samples('m', 5, { topic }),
        refused,
        rejected,
        sample('scheduled', { topic, delayMs: 60_000 }),
      ])
      const options = { retry: { maxAttempts: 5, delayMs: () => 60_000 } }
      assert.deepEqual({ ...(await crew.relay(options).drain()) }, { published: 5, retried: 1, dead: 1 })
      assert.equal((await crew.published(5)).length, 5)
      const { pending, published, dead } = await harness.storage.count()
      assert.deepEqual({ pending, published, dead }, { pending: 2, published: 5, dead: 1 })
      assert.deepEqual({ ...(await crew.relay(options).drain()) }, { published: 0, retried: 0, dead: 0 })
    },
  },
  {
    id: 'relay/stops-in-good-order',
    level: 'required',
    statement: 'stop MUST let what is in flight come to its end, settle it, claim nothing more, and free the lanes.',
    intent: 'Each deployment publishes its last batch twice and stops the flow for the length of a lease.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      await crew.enqueue(samples('m', 60, { topic: harness.topics[0] }))
      const slow = crew.publisherWith({ before: () => new Promise((resolve) => void time.setTimeout(resolve, 60)) })
      const relay = await crew.start({ batchSize: 5, leaseMs: 60_000, publisher: slow })
      await crew.published(5)
      await crew.stop(relay)
      await relay.closed
      const count = (await crew.published(5)).length
      assert.equal((await harness.storage.count()).published, count, 'what was published has not been settled')
      await time.throughout(150, async () => assert.equal((await crew.published(5)).length, count))
      const next = await crew.start({ batchSize: 50 })
      const read = labelsOf(await crew.published(60))
      await crew.stop(next)
      assert.equal(new Set(read).size, read.length, 'something was published twice')
    },
  },
]
