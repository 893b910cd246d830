import assert from 'node:assert/strict'
import { type ConsumerHarness, type PublisherHarness, proxyBefore } from '@waybill/conformance'
import type { MessageFormat } from '../src/index.ts'
import { redisStreamsConsumer, redisStreamsPublisher } from '../src/index.ts'
import { accessOf, findServer, plainClient, readStream, unique } from './server.ts'

/** A publisher of the shared server, through a connection that can be cut. */
export async function publisher(_rule: string, format: MessageFormat = 'waybill'): Promise<PublisherHarness> {
  const server = await findServer()
  if (!server.available) throw new Error(server.reason)
  const access = accessOf(server.url)
  const proxy = await proxyBefore(server.url)
  const reader = await plainClient(server.url)
  const topics = [unique('orders'), unique('mail')] as const
  for (const topic of topics) await reader.xgroup('CREATE', topic, 'readers', '0', 'MKSTREAM')
  const opened = redisStreamsPublisher({ redis: { ...access, ...proxy.address, connectTimeout: 1000 }, format })
  return {
    publisher: opened,
    topics,
    missingTopic: unique('missing'),
    read: (topic) => readStream(reader, topic),
    disrupt: proxy,
    async close() {
      await opened.close()
      await reader.del(...topics)
      reader.disconnect()
      await proxy.close()
    },
  }
}

/** A consumer of the shared server. A killed one counts as abandoned soon. */
export async function consumer(_rule: string, format: MessageFormat = 'waybill'): Promise<ConsumerHarness> {
  const server = await findServer()
  if (!server.available) throw new Error(server.reason)
  const redis = accessOf(server.url)
  const topics = [unique('orders'), unique('mail')] as const
  const open = () => redisStreamsConsumer({ redis, topology: 'create', abandonedAfterMs: 1500 })
  const first = open()
  const opened = [first]
  const client = await plainClient(server.url)
  const writer = redisStreamsPublisher({ redis, topology: 'create', format })
  return {
    consumer: first,
    topics,
    groups: [unique('billing'), unique('mailer')],
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
    async publishForeign(topic, { body, headers, key }) {
      const fields = ['waybill-payload', Buffer.from(body), ...(key === undefined ? [] : ['waybill-key', key])]
      await client.call('XADD', [topic, '*', ...fields, ...Object.entries(headers).flat()])
    },
    async close() {
      for (const each of opened) each.crash()
      await writer.close()
      await client.del(...topics)
      client.disconnect()
    },
  }
}

export async function versions(): Promise<Readonly<Record<string, string>>> {
  const server = await findServer()
  if (!server.available) throw new Error(server.reason)
  return { [server.name]: server.version }
}
