import { describeConsumer, describePublisher } from '@waybill/conformance'
import { onServer, sharedKafka } from '@waybill/conformance/containers'
import { describe, it } from 'vitest'
import { consumer, publisher } from './harness.ts'
import { consumerHarness, publisherHarness } from './setup.ts'

const stress = 2

onServer(await sharedKafka(), { it }, ({ url }) => {
  describePublisher('kafka by kafkajs', { describe, it }, publisher, { stress })
  describeConsumer('kafka by kafkajs', { describe, it }, consumer, { stress })
  const second = '@platformatic/kafka'
  describePublisher(`kafka by ${second}`, { describe, it }, () => publisherHarness(url, second), { stress })
  describeConsumer(`kafka by ${second}`, { describe, it }, () => consumerHarness(url, second), { stress })
})
