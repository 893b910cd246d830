export { kafkaConsumer } from './consumer/consumer.ts'
export type { MessageFormat } from './mapping.ts'
export type {
  KafkaClientName,
  KafkaConnection,
  KafkaConsumerOptions,
  KafkaPublisherOptions,
  KafkaSasl,
} from './options.ts'
export { kafkaPublisher } from './publisher/publisher.ts'
