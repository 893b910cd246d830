import { randomUUID } from 'node:crypto'
import { describePublisher, type PublisherHarness, proxyBefore } from '@waybill/conformance'
import { onServer, type Server, sharedRedis } from '@waybill/conformance/containers'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, it } from 'vitest'
import { messageOf } from '../../src/bullmq/job-message.ts'
import { bullmqPublisher } from '../../src/bullmq/publisher.ts'

const redis = await sharedRedis()

/** A publisher with queues of its own, which are read by BullMQ itself. */
async function harness({ url }: Server): Promise<PublisherHarness> {
  const topics = [`orders-${randomUUID()}`, `mail-${randomUUID()}`] as const
  const client = new Redis(url)
  const queues = new Map<string, Queue>(topics.map((topic) => [topic, new Queue(topic, { connection: client })]))
  const proxy = await proxyBefore(url)
  const publisher = bullmqPublisher({ url: proxy.url })
  return {
    publisher,
    topics,
    read: async (topic) => (await queues.get(topic)?.getJobs(['waiting'], 0, -1, true))?.map(messageOf) ?? [],
    disrupt: proxy,
    close: async () => {
      await publisher.close()
      await proxy.close()
      for (const queue of queues.values()) {
        await queue.obliterate()
        await queue.close()
      }
      client.disconnect()
    },
  }
}

onServer(redis, { it }, (server) => describePublisher('bullmq', { describe, it }, () => harness(server)))
