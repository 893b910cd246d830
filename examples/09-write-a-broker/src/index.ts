export { natsConsumer } from './consumer.ts'
export type { NatsAccess, NatsConsumerOptions, NatsPublisherOptions } from './options.ts'
export { natsPublisher } from './publisher.ts'
