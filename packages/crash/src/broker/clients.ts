import type { BrokerPublisher } from '@waybill/core/contracts'
import type { BrokerAddress, BrokerName, ConsumerKind, PublisherOpener } from './broker.ts'
import { stampedPublisher } from './stamped-publisher.ts'

// Apart from the brokers themselves: relays and consumers start by the hundred, and need no Docker.

export async function openPublisher(address: BrokerAddress, relay: string): Promise<BrokerPublisher> {
  return (await loadPublisher(address.broker))(address, relay)
}

/** Null: nobody consumes from this broker. */
export async function loadConsumer(name: BrokerName): Promise<ConsumerKind | null> {
  switch (name) {
    case 'log':
      return null
    case 'kafka':
      return (await import('./kafka/consumer.ts')).kafkaConsumers
    case 'rabbitmq':
      return (await import('./rabbitmq/consumer.ts')).rabbitmqConsumers
    case 'redis-streams':
      return (await import('./redis/consumer.ts')).redisConsumers
  }
}

async function loadPublisher(name: BrokerName): Promise<PublisherOpener> {
  switch (name) {
    case 'log':
      return (await import('./log/publisher.ts')).logPublisher
    case 'kafka': {
      const { kafkaPublisher } = await import('@waybill/kafka')
      return ({ url }, relay) => stampedPublisher(kafkaPublisher({ brokers: [new URL(url).host] }), relay)
    }
    case 'rabbitmq': {
      const { rabbitmqPublisher } = await import('@waybill/rabbitmq')
      return ({ url }, relay) => stampedPublisher(rabbitmqPublisher({ rabbitmq: { url } }), relay)
    }
    case 'redis-streams': {
      const { redisStreamsPublisher } = await import('@waybill/redis-streams')
      const { accessOf } = await import('./redis/access.ts')
      return ({ url }, relay) => stampedPublisher(redisStreamsPublisher({ redis: accessOf(url) }), relay)
    }
  }
}
