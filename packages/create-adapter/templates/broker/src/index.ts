export { acmeConsumer } from './consumer.ts'
export type { AcmeOptions } from './options.ts'
export { acmePublisher } from './publisher.ts'
