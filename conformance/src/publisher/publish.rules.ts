import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { awkwardMessages, comparable, interleaved, labelsOf, sample, samples } from '../samples.ts'
import type { PublisherHarness } from './harness.ts'
import { publish, publishAll } from './publish.ts'

export const publishRules: readonly Rule<PublisherHarness>[] = [
  {
    id: 'publish/accepted-means-readable',
    level: 'required',
    statement: 'publish MUST answer `accepted` only for what every reader of the topic gets.',
    intent: 'An answer before the broker has stored the message is a loss when the broker restarts.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const messages = samples('m', 20, { topic })
      await publishAll(harness, messages)
      await time.eventually('every accepted message can be read', async () => {
        const ids = new Set((await harness.read(topic)).map(({ id }) => id))
        return messages.every(({ id }) => ids.has(id)) || undefined
      })
    },
  },
  {
    id: 'publish/preserves-contents',
    level: 'required',
    statement:
      'publish MUST carry payload, id, type, key, headers, schema version, content type, correlation, causation and trace context unchanged.',
    intent: 'Header values lose their characters, empty payloads become null, and bytes become text.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const messages = awkwardMessages(topic)
      await publishAll(harness, messages)
      const read = await time.eventually('all messages to be read', async () => {
        const all = await harness.read(topic)
        return all.length >= messages.length ? new Map(all.map((message) => [message.id, message])) : undefined
      })
      for (const message of messages) {
        const arrived = read.get(message.id)
        assert.ok(arrived, `${message.id} did not arrive`)
        assert.deepEqual(comparable(arrived), comparable(message))
      }
    },
  },
  {
    id: 'publish/keeps-key-order',
    level: 'required',
    statement:
      'publish MUST let the messages of a key be read in the order in which they were published, across calls too.',
    intent: 'Parallel sends and partitions that are chosen anew reorder a key.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const keys = ['a', 'b', 'c', 'd']
      const messages = interleaved(keys, 20, { topic })
      const perCall = harness.publisher.capabilities.atomicPerKey ? 16 : keys.length
      for (let from = 0; from < messages.length; from += perCall)
        await publishAll(harness, messages.slice(from, from + perCall))
      const read = await time.eventually('all messages to be read', async () => {
        const all = await harness.read(topic)
        return all.length >= messages.length ? all : undefined
      })
      for (const key of keys) {
        const ofKey = (all: typeof read) => labelsOf(all.filter(({ orderingKey }) => orderingKey === key))
        assert.deepEqual(ofKey(read), ofKey(messages))
      }
    },
  },
  {
    id: 'publish/publishes-once',
    level: 'required',
    statement: 'publish MUST NOT publish a message twice when nothing fails.',
    intent: 'A retry inside the client, for a part of a batch, repeats the rest.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      await publishAll(harness, samples('m', 50, { topic }))
      await time.eventually('50 messages to be read', async () => (await harness.read(topic)).length >= 50 || undefined)
      await time.throughout(100, async () => assert.equal((await harness.read(topic)).length, 50))
    },
  },
  {
    id: 'publish/serves-several-topics',
    level: 'required',
    statement: 'publish MUST take messages of several topics in one call and put each into its own.',
    intent: 'A client with one call a topic answers for the first of them only.',
    async verify(harness, { time }) {
      const [one, two] = harness.topics
      await publishAll(harness, [
        sample('one1', { topic: one }),
        sample('two1', { topic: two }),
        sample('one2', { topic: one }),
      ])
      for (const [topic, labels] of [
        [one, ['one1', 'one2']],
        [two, ['two1']],
      ] as const) {
        const read = await time.eventually(`${labels.join()} in their topic`, async () => {
          const all = await harness.read(topic)
          return all.length >= labels.length ? labelsOf(all).toSorted() : undefined
        })
        assert.deepEqual(read, labels)
      }
    },
  },
  {
    id: 'publish/takes-a-full-batch',
    level: 'required',
    statement: 'publish MUST take `maxBatchMessages` messages in one call.',
    intent: 'The limit is stated by the adapter and never tried.',
    async verify(harness, { time }) {
      const [topic] = harness.topics
      const count = harness.publisher.capabilities.maxBatchMessages
      await publishAll(harness, samples('m', count, { topic }))
      await time.eventually('the whole batch to be read', async () => {
        return (await harness.read(topic)).length >= count || undefined
      })
    },
  },
  {
    id: 'publish/accepts-an-empty-array',
    level: 'required',
    statement: 'publish MUST answer an empty array to an empty array.',
    intent: 'A client that waits for the answer to nothing waits for ever.',
    async verify(harness, { time }) {
      assert.deepEqual(await time.within(2000, publish(harness, [])), [])
    },
  },
]
