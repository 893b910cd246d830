import type { ResolvedConnection } from '../options.ts'
import type { KafkaClient } from './client.ts'
import type { ProducerTerms } from './open-client.ts'

export function platformaticClient(_connection: ResolvedConnection, _terms: ProducerTerms): KafkaClient {
  throw new Error('to come')
}
