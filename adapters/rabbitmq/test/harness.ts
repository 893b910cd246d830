import assert from 'node:assert/strict'
import { type ConsumerHarness, type PublisherHarness, proxyBefore } from '@waybill/conformance'
import type { MessageFormat } from '../src/index.ts'
import { rabbitmqConsumer, rabbitmqPublisher } from '../src/index.ts'
import { findServer, plainChannel, unique, watchTopic } from './server.ts'

/** A publisher of the shared server, through a connection that can be cut. */
export async function publisher(_rule: string, format: MessageFormat = 'waybill'): Promise<PublisherHarness> {
  const server = await findServer()
  if (!server.available) throw new Error(server.reason)
  const proxy = await proxyBefore(server.url)
  const { model, channel } = await plainChannel(server.url)
  const topics = [unique('orders'), unique('mail')] as const
  const arrived = new Map<string, Awaited<ReturnType<typeof watchTopic>>>()
  for (const topic of topics) arrived.set(topic, await watchTopic(channel, topic))
  const opened = rabbitmqPublisher({ rabbitmq: { url: proxy.url }, format })
  return {
    publisher: opened,
    topics,
    missingTopic: unique('missing'),
    read: async (topic) => [...(arrived.get(topic) ?? [])],
    disrupt: proxy,
    async close() {
      await opened.close()
      for (const topic of topics) await channel.deleteExchange(topic)
      await model.close()
      await proxy.close()
    },
  }
}

interface ConsumerTerms {
  readonly format?: MessageFormat
  readonly singleActiveConsumer?: boolean
}

export const consumer = (_rule: string): Promise<ConsumerHarness> => consumerHarness({})

/** Queues that hand everything to one process at a time. */
export const variants: { readonly 'rabbitmq-single-active': { readonly consumer: typeof consumer } } = {
  'rabbitmq-single-active': { consumer: () => consumerHarness({ singleActiveConsumer: true }) },
}

/** A consumer of the shared server. */
export async function consumerHarness({
  format = 'waybill',
  singleActiveConsumer = false,
}: ConsumerTerms): Promise<ConsumerHarness> {
  const server = await findServer()
  if (!server.available) throw new Error(server.reason)
  const rabbitmq = { url: server.url }
  const topics = [unique('orders'), unique('mail')] as const
  const groups = ['billing', 'mailer'] as const
  const open = () => rabbitmqConsumer({ rabbitmq, topology: 'create', singleActiveConsumer })
  const first = open()
  const opened = [first]
  const { model, channel } = await plainChannel(server.url)
  // Somebody always listens, so that nothing is unroutable.
  for (const topic of topics) await watchTopic(channel, topic)
  const writer = rabbitmqPublisher({ rabbitmq, topology: 'create', format })
  return {
    consumer: first,
    topics,
    groups,
    async publish(messages) {
      const outcomes = await writer.publish(messages, { signal: new AbortController().signal, timeoutMs: 10_000 })
      assert.ok(outcomes.every(({ type }) => type === 'accepted'))
    },
    async another() {
      const another = open()
      opened.push(another)
      return another
    },
    crash: async () => first.crash(),
    async publishForeign(topic, { body, headers }) {
      channel.publish(topic, 'foreign', Buffer.from(body), { headers: { ...headers, count: 1, nested: { yes: true } } })
    },
    async close() {
      for (const each of opened) each.crash()
      await writer.close()
      for (const topic of topics) {
        for (const group of groups) await channel.deleteQueue(`${topic}.${group}`)
        await channel.deleteExchange(topic)
      }
      await model.close()
    },
  }
}

export async function versions(): Promise<Readonly<Record<string, string>>> {
  const server = await findServer()
  if (!server.available) throw new Error(server.reason)
  return { [server.name]: server.version }
}
