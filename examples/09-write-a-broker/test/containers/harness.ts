import { randomUUID } from 'node:crypto'
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type ConsumerHarness, type PublisherHarness, proxyBefore } from '@waybill/conformance'
import type { BrokerConsumer, Message } from '@waybill/core/contracts'
import { natsConsumer, natsPublisher } from '../../src/index.ts'
import { decode, rawOf } from '../../src/mapping.ts'

const unique = (name: string): string => `${name}-${randomUUID()}`

/** What the client takes for the URL of a server. */
function accessOf(url: string) {
  const { host, username: user, password: pass } = new URL(url)
  return { servers: host, user, pass }
}

/** Two streams of this harness's own, each for a topic of the same name, and a connection that has nothing to do with the adapter. */
async function streams(url: string) {
  const connection = await connect(accessOf(url))
  const manager = await jetstreamManager(connection)
  const topics = [unique('orders'), unique('mail')] as const
  for (const name of topics) await manager.streams.add({ name, subjects: [name], storage: StorageType.Memory })
  return {
    connection,
    topics,
    async read(topic: string): Promise<readonly Message[]> {
      const { state } = await manager.streams.info(topic)
      if (state.messages === 0) return []
      const everything = await jetstream(connection).consumers.get(topic)
      const read: Message[] = []
      for await (const message of await everything.fetch({ max_messages: state.messages, expires: 5000 })) {
        const found = decode(topic, rawOf(message.data, message.headers))
        if (found !== undefined) read.push(found)
        if (read.length === state.messages) break
      }
      return read
    },
    async remove() {
      for (const name of topics) await manager.streams.delete(name)
      await connection.close()
    },
  }
}

// #region publisher
export async function publisher(url: string): Promise<PublisherHarness> {
  const { topics, read, remove } = await streams(url)
  const proxy = await proxyBefore(url)
  const opened = natsPublisher({ nats: accessOf(proxy.url) })
  return {
    publisher: opened,
    topics,
    missingTopic: unique('missing'),
    read,
    disrupt: proxy,
    async close() {
      await opened.close()
      await proxy.close()
      await remove()
    },
  }
}
// #endregion

// #region consumer
/** A killed member counts as gone after a second. */
export async function consumer(url: string): Promise<ConsumerHarness> {
  const { connection, topics, remove } = await streams(url)
  const connections: NatsConnection[] = []
  const open = (): BrokerConsumer =>
    natsConsumer({
      nats: accessOf(url),
      ackWaitMs: 1000,
      async connect(options) {
        const opened = await connect(options)
        connections.push(opened)
        return opened
      },
    })
  // That its connections are gone is all that the server sees of a process that was killed.
  const crash = async (): Promise<void> => {
    for (const each of connections.splice(0)) await each.close()
  }
  const writer = natsPublisher({ nats: accessOf(url) })
  return {
    consumer: open(),
    topics,
    groups: [unique('billing'), unique('mailer')],
    async publish(messages) {
      const outcomes = await writer.publish(messages, { signal: new AbortController().signal, timeoutMs: 10_000 })
      if (outcomes.some(({ type }) => type !== 'accepted')) throw new Error('not everything was accepted')
    },
    another: async () => open(),
    crash,
    async publishForeign(topic, { body }) {
      await jetstream(connection).publish(topic, body)
    },
    async close() {
      // Not in an orderly way: a rule may have left handlers that never come to an end.
      await crash()
      await writer.close()
      await remove()
    },
  }
}
// #endregion
