import { describeConsumer, describePublisher } from '@waybill/conformance'
import { onServer, sharedKafka } from '@waybill/conformance/containers'
import { describe, it } from 'vitest'
import { clients, consumerHarness, publisherHarness } from './setup.ts'

onServer(await sharedKafka(), { it }, ({ url }) => {
  for (const client of clients) {
    describePublisher(`kafka by ${client}`, { describe, it }, () => publisherHarness(url, client), { stress: 2 })
    describeConsumer(`kafka by ${client}`, { describe, it }, () => consumerHarness(url, client), { stress: 2 })
  }
})
