import type { BaseOptions } from '@platformatic/kafka'
import type { KafkaSasl, ResolvedConnection } from '../options.ts'
import type { KafkaClient } from './client.ts'
import type { ProducerTerms } from './open-client.ts'
import { PlatformaticGroup } from './platformatic-group.ts'
import { PlatformaticProducer } from './platformatic-producer.ts'
import { readPlatformaticRetention } from './platformatic-settings.ts'

export function platformaticClient(connection: ResolvedConnection, { compression }: ProducerTerms): KafkaClient {
  const base = baseOptions(connection)
  return {
    name: '@platformatic/kafka',
    openProducer: (timeoutMs) => new PlatformaticProducer({ ...base, timeout: timeoutMs }, compression),
    joinGroup: async (terms, listener) => await PlatformaticGroup.join(base, terms, listener),
    readRetention: async (topics) => await readPlatformaticRetention(base, topics),
  }
}

function baseOptions({ brokers, clientId, tls, sasl, connectTimeoutMs }: ResolvedConnection): BaseOptions {
  return {
    bootstrapBrokers: [...brokers],
    clientId,
    connectTimeout: connectTimeoutMs,
    autocreateTopics: false,
    ...(tls === false ? {} : { tls: tls === true ? {} : tls }),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
  }
}

function saslOf(sasl: KafkaSasl): NonNullable<BaseOptions['sasl']> {
  switch (sasl.mechanism) {
    case 'oauthbearer':
      return { mechanism: 'OAUTHBEARER', token: sasl.token }
    case 'plain':
      return { ...sasl, mechanism: 'PLAIN' }
    case 'scram-sha-256':
      return { ...sasl, mechanism: 'SCRAM-SHA-256' }
    case 'scram-sha-512':
      return { ...sasl, mechanism: 'SCRAM-SHA-512' }
  }
}
