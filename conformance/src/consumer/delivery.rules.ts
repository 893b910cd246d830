import assert from 'node:assert/strict'
import type { Disposition } from '@waybill/core/contracts'
import { need, type Rule } from '../rule.ts'
import { awkwardMessages, comparable, interleaved, labelOf, labelsOf, sample, samples } from '../samples.ts'
import { another, type ConsumerHarness, crash, foreign, keepsOrder, ordersAcrossProcesses } from './harness.ts'
import { Gate, Subscriber } from './subscriber.ts'

const ack: Disposition = { type: 'ack' }

export const deliveryRules: readonly Rule<ConsumerHarness>[] = [
  {
    id: 'consume/delivers-everything',
    level: 'required',
    statement:
      'consume MUST deliver every message of its topics, also what came while nobody of the group was subscribed.',
    intent: 'A consumer that begins with what is new loses everything that came during its deployment.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      const first = new Subscriber()
      const subscription = await first.subscribe(harness)
      await harness.publish(samples('m', 5, { topic }))
      await first.received(time, 5)
      await subscription[Symbol.asyncDispose]()
      await harness.publish([...samples('n', 5, { topic }), sample('elsewhere', { topic: harness.topics[1] })])
      const second = new Subscriber()
      await second.subscribe(harness)
      await harness.publish(samples('o', 5, { topic }))
      await second.received(time, 10)
      assert.deepEqual(first.labels.toSorted(), ['m1', 'm2', 'm3', 'm4', 'm5'])
      const expected = ['n1', 'n2', 'n3', 'n4', 'n5', 'o1', 'o2', 'o3', 'o4', 'o5']
      assert.deepEqual(second.labels.toSorted(), expected)
    },
  },
  {
    id: 'consume/preserves-contents',
    level: 'required',
    statement: 'consume MUST hand over every message as it was published.',
    intent: 'Header values lose their characters, empty payloads become null, and bytes become text.',
    async verify(harness, { time }) {
      const messages = awkwardMessages(harness.topics[0])
      const subscriber = new Subscriber()
      await subscriber.subscribe(harness)
      await harness.publish(messages)
      const deliveries = await subscriber.received(time, messages.length)
      const arrived = new Map(deliveries.flatMap(({ message }) => (message ? [[message.id, message]] : [])))
      for (const message of messages) {
        const found = arrived.get(message.id)
        assert.ok(found, `${message.id} did not arrive`)
        assert.deepEqual(comparable(found), comparable(message))
      }
    },
  },
  {
    id: 'consume/keeps-key-order',
    level: 'required',
    statement: "consume MUST call handle in the broker's order of each key, where the capability `ordering` says so.",
    intent: 'Prefetched deliveries that start in any order make the cancellation overtake the order.',
    requires: [keepsOrder],
    async verify(harness, { time }) {
      const keys = ['a', 'b', 'c']
      const messages = interleaved(keys, 12, { topic: harness.topics[0] })
      const subscriber = new Subscriber()
      await subscriber.subscribe(harness, { maxInFlight: 5 })
      await harness.publish(messages)
      await subscriber.received(time, messages.length)
      for (const key of keys) {
        const expected = labelsOf(messages.filter(({ orderingKey }) => orderingKey === key))
        assert.deepEqual(
          subscriber.labels.filter((label) => label.startsWith(key)),
          expected,
        )
      }
    },
  },
  {
    id: 'consume/groups-are-independent',
    level: 'required',
    statement: 'consume MUST deliver every message to every group.',
    intent: 'A second service that subscribes takes half of the messages away from the first.',
    async verify(harness, { time }) {
      const [one, two] = [new Subscriber(), new Subscriber()]
      await one.subscribe(harness, { group: harness.groups[0] })
      await two.subscribe(harness, { group: harness.groups[1] })
      await harness.publish(samples('m', 6, { topic: harness.topics[0] }))
      await one.received(time, 6)
      await two.received(time, 6)
      assert.deepEqual(one.labels.toSorted(), two.labels.toSorted())
    },
  },
  {
    id: 'consume/members-share-a-group',
    level: 'required',
    statement: 'consume MUST deliver every message of a group to one of its members.',
    intent: 'A second process is started for more throughput, and each message is handled twice, or not at all.',
    requires: [another],
    async verify(harness, { time }) {
      const members = [new Subscriber(), new Subscriber()] as const
      await members[0].subscribe(harness)
      await members[1].subscribe(harness, { consumer: await need(harness, another)() })
      const messages = samples('m', 60, { topic: harness.topics[0] })
      await harness.publish(messages)
      await time.eventually('every message at one member', async () => {
        const seen = new Set(members.flatMap(({ labels }) => labels))
        return seen.size === messages.length || undefined
      })
      const count = members[0].deliveries.length + members[1].deliveries.length
      assert.ok(count < 2 * messages.length, `${count} deliveries of ${messages.length} messages`)
    },
  },
  {
    id: 'consume/keeps-key-order-across-processes',
    level: 'required',
    statement:
      "consume MUST keep the broker's order of each key over the processes of a group, also when one is killed, where the capability `ordering` is `key`.",
    intent: 'The second process of a service gets the cancellation while the first is still busy with the order.',
    requires: [ordersAcrossProcesses, another, crash],
    async verify(harness, { time }) {
      const messages = samples('m', 12, { topic: harness.topics[0], orderingKey: 'k' })
      const killed = new Subscriber(({ message }) => (message && labelOf(message) === 'm1' ? ack : new Gate().opened))
      await killed.subscribe(harness, { maxInFlight: 5 })
      await harness.publish(messages)
      await killed.received(time, 2)
      const next = new Subscriber()
      await next.subscribe(harness, { consumer: await need(harness, another)() })
      await need(harness, crash)()
      const lastSeen = async () => next.labels.includes('m12') || undefined
      await time.eventually('the rest of the key at the other process', lastSeen)
      const labels = [...new Set(next.labels)]
      // What had no disposition comes again; what had one may.
      assert.deepEqual(labels, labelsOf(messages).slice(-labels.length))
      assert.ok(labels.length >= 11, `${labels.join(' ')} is not all that had no disposition`)
    },
  },
  {
    id: 'consume/survives-foreign-messages',
    level: 'required',
    statement: 'consume MUST hand over what is no message of ours undecoded, without `message`, and go on.',
    intent: 'Something that another program wrote into the topic ends the consumer, again after each restart.',
    requires: [foreign],
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      const subscriber = new Subscriber()
      await subscriber.subscribe(harness)
      await need(harness, foreign)(topic, { body: new Uint8Array([0xff, 0x00]), headers: {}, key: 'k' })
      await harness.publish([sample('m', { topic })])
      const deliveries = await subscriber.received(time, 2)
      assert.deepEqual(subscriber.labels.toSorted(), ['?', 'm'])
      const stranger = deliveries.find(({ message }) => message === undefined)
      assert.deepEqual([...(stranger?.raw.body ?? [])], [0xff, 0x00])
    },
  },
]
