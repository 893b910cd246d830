import { onServer, sharedKafka } from '@waybill/conformance/containers'
import { describe, expect, it } from 'vitest'
import { kafkaConsumer } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { clients } from './setup.ts'

onServer(await sharedKafka(), { it }, ({ url }) => {
  describe.for(clients)('how long a topic may deliver again, by %s', (client) => {
    it('is the longest retention of the topics, or for ever', async () => {
      await using broker = await TestBroker.at(url)
      const topicFor = async (retention: string) => {
        const [topic = ''] = await broker.topics(1, { config: { 'retention.ms': retention } })
        return topic
      }
      const [brief, longer, kept] = [await topicFor('60000'), await topicFor('7200000'), await topicFor('-1')]
      const source = kafkaConsumer({ brokers: [broker.address], client })
      expect(await source.redeliveryWindowMs?.([brief])).toBe(60_000)
      expect(await source.redeliveryWindowMs?.([brief, longer])).toBe(7_200_000)
      expect(await source.redeliveryWindowMs?.([brief, kept])).toBe(Number.POSITIVE_INFINITY)
      await source.close()
    })
  })
})
