import assert from 'node:assert/strict'
import type { Disposition } from '@waybill/core/contracts'
import { need, type Rule } from '../rule.ts'
import { labelOf, sample, samples } from '../samples.ts'
import { another, type ConsumerHarness, crash, delayedRetry } from './harness.ts'
import { Gate, Subscriber } from './subscriber.ts'

const [ack, again]: readonly [Disposition, Disposition] = [{ type: 'ack' }, { type: 'retry', delayMs: 0 }]

export const dispositionRules: readonly Rule<ConsumerHarness>[] = [
  {
    id: 'consume/acked-is-final',
    level: 'required',
    statement: 'consume MUST NOT deliver a message again after `ack`, to nobody of the group.',
    intent: 'Without a fault nothing is delivered twice.',
    async verify(harness, { time }) {
      const first = new Subscriber()
      const subscription = await first.subscribe(harness)
      await harness.publish(samples('m', 8, { topic: harness.topics[0] }))
      await first.received(time, 8)
      await subscription[Symbol.asyncDispose]()
      const second = new Subscriber()
      await second.subscribe(harness)
      await time.throughout(300, async () => assert.deepEqual(second.labels, []))
      assert.equal(first.deliveries.length, 8)
    },
  },
  {
    id: 'consume/redelivers-on-retry',
    level: 'required',
    statement: 'consume MUST deliver a message again after `retry`.',
    intent: 'A handler that could not reach its database loses the message.',
    async verify(harness, { time }) {
      const subscriber = new Subscriber((_, nth) => (nth < 3 ? again : ack))
      await subscriber.subscribe(harness)
      await harness.publish([sample('m', { topic: harness.topics[0] })])
      const deliveries = await subscriber.received(time, 3)
      assert.deepEqual(subscriber.labels, ['m', 'm', 'm'])
      assert.equal(deliveries[1]?.redelivered, true)
      const counts = deliveries.flatMap(({ deliveryCount }) => deliveryCount ?? [])
      assert.ok(counts.length === 0 || counts.join() === '1,2,3', `it counted ${counts.join()}`)
    },
  },
  {
    id: 'consume/retry-waits-for-its-delay',
    level: 'required',
    statement:
      'consume MUST NOT deliver again before `delayMs` has passed, where the capability `delayedRetry` says so.',
    intent: 'Backoff that is not kept turns one failing message into a storm.',
    requires: [delayedRetry],
    async verify(harness, { time }) {
      const times: number[] = []
      const subscriber = new Subscriber((_, nth) => {
        times.push(time.now())
        return nth === 1 ? { type: 'retry', delayMs: 300 } : ack
      })
      await subscriber.subscribe(harness)
      await harness.publish([sample('m', { topic: harness.topics[0] })])
      await subscriber.received(time, 2)
      const [first = 0, second = 0] = times
      assert.ok(second - first >= 295, `delayed by 300 ms, it came after ${second - first}`)
    },
  },
  {
    id: 'consume/rejecting-handler-counts-as-retry',
    level: 'required',
    statement: 'consume MUST take a handle that rejects for `retry` without delay, and go on.',
    intent: 'One exception ends the consumer, or acknowledges what was not handled.',
    async verify(harness, { time }) {
      const subscriber = new Subscriber((_, nth) => (nth === 1 ? Promise.reject(new Error('failed')) : ack))
      await subscriber.subscribe(harness)
      await harness.publish([sample('m', { topic: harness.topics[0] })])
      await subscriber.received(time, 2)
      assert.deepEqual(subscriber.labels, ['m', 'm'])
    },
  },
  {
    id: 'consume/rejected-is-final',
    level: 'required',
    statement: 'consume MUST NOT deliver a message again after `reject`, and MUST go on with the others.',
    intent: 'A message that can never be handled comes back for ever.',
    async verify(harness, { time }) {
      const isBad = (label: string) => label === 'm2'
      const subscriber = new Subscriber(({ message }) =>
        message && isBad(labelOf(message)) ? { type: 'reject', reason: 'not understood' } : ack,
      )
      const subscription = await subscriber.subscribe(harness)
      await harness.publish(samples('m', 3, { topic: harness.topics[0] }))
      await subscriber.received(time, 3)
      await subscription[Symbol.asyncDispose]()
      const second = new Subscriber()
      await second.subscribe(harness)
      await time.throughout(200, async () => assert.deepEqual(second.labels, []))
      assert.deepEqual(subscriber.labels.toSorted(), ['m1', 'm2', 'm3'])
    },
  },
  {
    id: 'consume/redelivers-after-a-crash',
    level: 'required',
    statement: 'consume MUST deliver again what had no disposition when the process ended.',
    intent: 'A broker that takes delivery for acknowledgement loses what a killed consumer had in hand.',
    requires: [crash, another],
    async verify(harness, { time }) {
      const killed = new Subscriber(() => new Gate().opened)
      await killed.subscribe(harness)
      await harness.publish(samples('m', 3, { topic: harness.topics[0] }))
      await killed.received(time, 1)
      await need(harness, crash)()
      const next = new Subscriber()
      await next.subscribe(harness, { consumer: await need(harness, another)() })
      await next.received(time, 3)
      assert.deepEqual([...new Set(next.labels)].toSorted(), ['m1', 'm2', 'm3'])
    },
  },
  {
    id: 'consume/acks-after-handling',
    level: 'required',
    statement:
      'consume MUST NOT acknowledge a message before its handle has resolved with `ack`, nor by acknowledging a later one.',
    intent: 'A committed offset beyond a message that is still being handled loses it when the process is killed.',
    requires: [crash, another],
    async verify(harness, { time }) {
      const killed = new Subscriber(({ message }) => (message && labelOf(message) === 'm2' ? new Gate().opened : ack))
      await killed.subscribe(harness)
      const messages = samples('m', 12, { topic: harness.topics[0] })
      await harness.publish(messages)
      await killed.received(time, messages.length)
      await time.throughout(200, async () => undefined)
      await need(harness, crash)()
      const next = new Subscriber()
      await next.subscribe(harness, { consumer: await need(harness, another)() })
      await time.eventually('the message without a disposition', async () => next.labels.includes('m2') || undefined)
    },
  },
]
