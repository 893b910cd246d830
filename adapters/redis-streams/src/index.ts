export type { RedisAccess, RequiredRedisOptions } from './client.ts'
export { type RedisStreamsConsumer, redisStreamsConsumer } from './consumer.ts'
export type { MessageFormat } from './field-names.ts'
export type {
  Durability,
  RedisStreamsConsumerOptions,
  RedisStreamsPublisherOptions,
  StreamOptions,
} from './options.ts'
export { redisStreamsPublisher } from './publisher.ts'
