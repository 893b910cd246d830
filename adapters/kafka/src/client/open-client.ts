import type { ResolvedConnection } from '../options.ts'
import type { KafkaClient } from './client.ts'

/** What the publisher needs of the client beside the connection. */
export interface ProducerTerms {
  readonly compression: 'none' | 'gzip'
}

/** Loads the library that the options name; both are optional peers. */
export async function openClient(connection: ResolvedConnection, terms: ProducerTerms): Promise<KafkaClient> {
  if (connection.client === 'kafkajs') {
    const { kafkajsClient } = await import('./kafkajs.ts')
    return kafkajsClient(connection, terms)
  }
  const { platformaticClient } = await import('./platformatic.ts')
  return platformaticClient(connection, terms)
}
