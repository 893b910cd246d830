import type { PublisherHarness } from '@waybill/conformance'
import type { MessageFormat } from '../src/index.ts'
import { redisStreamsPublisher } from '../src/index.ts'
import { cuttableProxy } from './proxy.ts'
import { accessOf, plainClient, readStream, server, unique } from './server.ts'

/** A publisher of the shared server, through a connection that can be cut. */
export async function publisher(_rule: string, format: MessageFormat = 'waybill'): Promise<PublisherHarness> {
  if (!server.available) throw new Error(server.reason)
  const access = accessOf(server.url)
  const proxy = await cuttableProxy(access)
  const reader = await plainClient(server.url)
  const topics = [unique('orders'), unique('mail')] as const
  for (const topic of topics) await reader.xgroup('CREATE', topic, 'readers', '0', 'MKSTREAM')
  const opened = redisStreamsPublisher({ redis: { ...access, ...proxy.address, connectTimeout: 1000 }, format })
  return {
    publisher: opened,
    topics,
    missingTopic: unique('missing'),
    read: (topic) => readStream(reader, topic),
    disrupt: { cut: async () => proxy.cut(), restore: () => proxy.restore() },
    async close() {
      await opened.close()
      await reader.del(...topics)
      reader.disconnect()
      await proxy.close()
    },
  }
}
