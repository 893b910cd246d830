import type { BenchSettings, Broker } from '../harness/benchmark.ts'
import type { BrokerKind, Destination, Route } from './broker.ts'
import { kafka } from './kafka/kafka.ts'
import { rabbitmq } from './rabbitmq/rabbitmq.ts'
import { redisStreams } from './redis/redis-streams.ts'

const kinds: Readonly<Record<Broker, BrokerKind>> = { kafka, rabbitmq, 'redis-streams': redisStreams }

/** By each client that there is an adapter for. */
export function routesTo(broker: Broker): readonly Route[] {
  return kinds[broker].routes
}

export function routeBy(broker: Broker, client: string): Route {
  const route = routesTo(broker).find((each) => each.client === client)
  if (route === undefined) throw new RangeError(`There is no client '${client}' for ${broker}`)
  return route
}

/** Does work with a place at a broker that is removed when it has ended. */
export async function withDestination<T>(
  broker: Broker,
  settings: BenchSettings,
  work: (destination: Destination) => Promise<T>,
): Promise<T> {
  const { url } = await settings.servers.get(broker)
  await using destination = await kinds[broker].openDestination(url)
  return await work(destination)
}
