import { type RequiredRedisOptions, redisStreamsConsumer, redisStreamsPublisher } from '@waybill/redis-streams'
import { Redis } from 'ioredis'
import { type BrokerKind, newName, type Route } from '../broker.ts'
import { headersOf, type PlainMessage } from '../plain-message.ts'

const waitMs = 10_000

/** One stream; a batch is a pipeline with WAITAOF at its end, so that what is confirmed is on the disk. */
const ioredisRoute: Route = {
  broker: 'redis-streams',
  client: 'ioredis',
  openPublisher: ({ url, name }) =>
    redisStreamsPublisher({
      redis: (required: RequiredRedisOptions) => new Redis(url, required),
      stream: () => name,
    }),
  openConsumer: ({ url, name }) =>
    redisStreamsConsumer({
      redis: (required: RequiredRedisOptions) => new Redis(url, required),
      stream: () => name,
      topology: 'create',
    }),
  async openSender({ url, name }) {
    const client = new Redis(url)
    return {
      async send(messages) {
        const pipeline = client.pipeline()
        for (const message of messages) pipeline.xadd(name, 'NOMKSTREAM', '*', ...fieldsOf(message))
        pipeline.call('WAITAOF', [1, 0, waitMs])
        const replies = (await pipeline.exec()) ?? []
        for (const [error] of replies) if (error !== null) throw error
        const durable = replies.at(-1)?.[1]
        if (!Array.isArray(durable) || Number(durable[0]) < 1) throw new Error('The messages may not be on the disk')
      },
      async [Symbol.asyncDispose]() {
        await client.quit()
      },
    }
  },
}

export const redisStreams: BrokerKind = {
  routes: [ioredisRoute],
  async openDestination(url) {
    const name = newName()
    const client = new Redis(url)
    await client.xadd(name, '*', 'made', 'for the benchmark')
    const empty = async () => void (await client.xtrim(name, 'MAXLEN', 0))
    await empty()
    return {
      place: { url, name },
      received: () => client.xlen(name),
      empty,
      async [Symbol.asyncDispose]() {
        await client.del(name)
        await client.quit()
      },
    }
  },
}

function fieldsOf(message: PlainMessage): (string | Buffer)[] {
  const fields: (string | Buffer)[] = Object.entries(headersOf(message)).flat()
  fields.push('waybill-key', message.key, 'waybill-payload', message.payload)
  return fields
}
