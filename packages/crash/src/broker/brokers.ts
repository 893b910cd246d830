import type { Broker, BrokerName, BrokerStarter, BrokerTerms, NoBroker } from './broker.ts'

export async function startBroker(name: BrokerName, terms: BrokerTerms): Promise<Broker | NoBroker> {
  return await (await loadStarter(name))(terms)
}

async function loadStarter(name: BrokerName): Promise<BrokerStarter> {
  switch (name) {
    case 'log':
      return (await import('./log/broker.ts')).startLogBroker
    case 'kafka':
      return (await import('./kafka/broker.ts')).startKafkaBroker
    case 'rabbitmq':
      return (await import('./rabbitmq/broker.ts')).startRabbitmqBroker
    case 'redis-streams':
      return (await import('./redis/broker.ts')).startRedisBroker
  }
}
