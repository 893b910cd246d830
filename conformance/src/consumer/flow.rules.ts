import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { sample, samples } from '../samples.ts'
import type { ConsumerHarness } from './harness.ts'
import { Gate, Subscriber } from './subscriber.ts'

export const flowRules: readonly Rule<ConsumerHarness>[] = [
  {
    id: 'consume/respects-max-in-flight',
    level: 'required',
    statement: 'consume MUST NOT have more than `maxInFlight` deliveries without a disposition.',
    intent: 'A slow handler fills the memory of the process with prefetched messages.',
    async verify(harness, { time }) {
      const gate = new Gate()
      const subscriber = new Subscriber(() => gate.opened)
      await subscriber.subscribe(harness, { maxInFlight: 3 })
      await harness.publish(samples('m', 10, { topic: harness.topics[0] }))
      await subscriber.received(time, 1)
      await time.throughout(150, async () => assert.ok(subscriber.inFlight <= 3, `${subscriber.inFlight} in flight`))
      gate.open()
      await subscriber.received(time, 10)
      assert.ok(subscriber.mostInFlight <= 3, `${subscriber.mostInFlight} in flight`)
    },
  },
  {
    id: 'consume/does-not-wait-for-handlers',
    level: 'required',
    statement: 'consume MUST go on calling handle, up to `maxInFlight`, while earlier calls have not resolved.',
    intent: 'One slow handler stops every other key of its process.',
    async verify(harness, { time }) {
      const gate = new Gate()
      const subscriber = new Subscriber(() => gate.opened)
      await subscriber.subscribe(harness, { maxInFlight: 4 })
      await harness.publish(samples('m', 4, { topic: harness.topics[0] }))
      await subscriber.received(time, 4)
      gate.open()
    },
  },
  {
    id: 'consume/pauses-and-resumes',
    level: 'required',
    statement: 'pause MUST stop new deliveries, and resume MUST go on where they stopped.',
    intent: 'A consumer whose database is down has to stop taking messages without leaving its group.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      const subscriber = new Subscriber()
      const subscription = await subscriber.subscribe(harness)
      await harness.publish([sample('before', { topic })])
      await subscriber.received(time, 1)
      subscription.pause()
      await harness.publish(samples('m', 4, { topic }))
      await time.throughout(150, async () => assert.deepEqual(subscriber.labels, ['before']))
      subscription.resume()
      await subscriber.received(time, 5)
      assert.deepEqual(subscriber.labels.toSorted(), ['before', 'm1', 'm2', 'm3', 'm4'])
    },
  },
  {
    id: 'consume/disposal-waits-for-handlers',
    level: 'required',
    statement: 'Disposing a subscription MUST wait for the handles under way and honour their dispositions.',
    intent: 'Each deployment delivers again what was being handled, although it was handled well.',
    async verify(harness, { time }) {
      const gate = new Gate()
      const subscriber = new Subscriber(() => gate.opened)
      const subscription = await subscriber.subscribe(harness)
      await harness.publish([sample('m', { topic: harness.topics[0] })])
      await subscriber.received(time, 1)
      const disposal = Promise.resolve(subscription[Symbol.asyncDispose]()).then(() => 'disposed')
      assert.equal(await time.within(100, disposal), undefined, 'it did not wait for the handle under way')
      gate.open()
      assert.equal(await time.within(8000, disposal), 'disposed')
      const next = new Subscriber()
      await next.subscribe(harness)
      await time.throughout(200, async () => assert.deepEqual(next.labels, []))
    },
  },
  {
    id: 'consume/disposal-ends-deliveries',
    level: 'required',
    statement: 'Disposing a subscription MUST end its deliveries and resolve `closed`.',
    intent: 'A process that has said that it stopped goes on handling messages.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      const subscriber = new Subscriber()
      const subscription = await subscriber.subscribe(harness)
      await harness.publish([sample('before', { topic })])
      await subscriber.received(time, 1)
      await subscription[Symbol.asyncDispose]()
      const closed = subscription.closed.then(() => 'closed')
      assert.equal(await time.within(2000, closed), 'closed', '`closed` did not resolve')
      await harness.publish([sample('after', { topic })])
      await time.throughout(150, async () => assert.deepEqual(subscriber.labels, ['before']))
    },
  },
  {
    id: 'consumer/closes-twice',
    level: 'required',
    statement: 'close MUST end the subscriptions, and be safe to repeat.',
    intent: 'A shutdown hook and a test both close, and the second one throws in place of the real failure.',
    async verify(harness, { time }) {
      const subscriber = new Subscriber()
      await subscriber.subscribe(harness)
      await harness.consumer.close()
      await harness.consumer.close()
      await harness.publish([sample('after', { topic: harness.topics[0] })])
      await time.throughout(150, async () => assert.deepEqual(subscriber.labels, []))
    },
  },
  {
    id: 'consumer/states-its-facts',
    level: 'required',
    statement: 'A consumer MUST state its contract version, a name, and its capabilities.',
    intent: 'An adapter of another major version fails in the middle of the night and not at start-up.',
    async verify({ consumer }) {
      assert.equal(consumer.specificationVersion, 'v1')
      assert.notEqual(consumer.name, '')
      assert.ok(['key', 'process', 'none'].includes(consumer.capabilities.ordering))
      assert.equal(typeof consumer.capabilities.delayedRetry, 'boolean')
    },
  },
]
