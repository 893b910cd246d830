import type { ConsumerHarness, PublisherHarness } from '@waybill/conformance'
import { type Server, sharedKafka } from '@waybill/conformance/containers'
import type { KafkaClientName } from '../src/index.ts'
import { consumerHarness, publisherHarness } from './setup.ts'

interface Harnesses {
  publisher(): Promise<PublisherHarness>
  consumer(): Promise<ConsumerHarness>
}

/** Where reports are made there is a server, or a reason. */
async function findServer(): Promise<Server> {
  const server = await sharedKafka()
  if (!server.available) throw new Error(`${server.name} is not available: ${server.reason}`)
  return server
}

function by(client: KafkaClientName): Harnesses {
  return {
    publisher: async () => publisherHarness((await findServer()).url, client),
    consumer: async () => consumerHarness((await findServer()).url, client),
  }
}

const byKafkajs: Harnesses = by('kafkajs')

export const publisher: Harnesses['publisher'] = byKafkajs.publisher
export const consumer: Harnesses['consumer'] = byKafkajs.consumer

/** The second client. */
export const variants: { readonly 'kafka-platformatic': Harnesses } = {
  'kafka-platformatic': by('@platformatic/kafka'),
}

export async function versions(): Promise<Readonly<Record<string, string>>> {
  const { name, version } = await findServer()
  return { [name]: version }
}
