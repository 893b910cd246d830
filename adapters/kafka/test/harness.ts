import type { ConsumerHarness, PublisherHarness } from '@waybill/conformance'
import { sharedKafka } from '@waybill/conformance/containers'
import { consumerHarness, publisherHarness } from './setup.ts'

/** Where reports are made there is a server, or a reason. */
async function serverUrl(): Promise<string> {
  const server = await sharedKafka()
  if (!server.available) throw new Error(`${server.name} is not available: ${server.reason}`)
  return server.url
}

export async function publisher(): Promise<PublisherHarness> {
  return await publisherHarness(await serverUrl(), 'kafkajs')
}

export async function consumer(): Promise<ConsumerHarness> {
  return await consumerHarness(await serverUrl(), 'kafkajs')
}
