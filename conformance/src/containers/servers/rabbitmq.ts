import type { ServerKind } from './kind.ts'
import { rabbitmqClient } from './rabbitmq-client.ts'

const [user, password] = ['waybill', 'waybill']

/** With the plugins for management and for consistent hashing. */
export const rabbitmq: ServerKind = {
  id: 'rabbitmq',
  name: 'RabbitMQ',
  image: 'rabbitmq:4-management',
  recipe: { folder: 'rabbitmq' },
  port: 5672,
  urlVariable: 'WAYBILL_TEST_RABBITMQ_URL',
  environment: { RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password },
  command: [],
  url: (host, port) => `amqp://${user}:${password}@${host}:${port}`,
  client: rabbitmqClient,
}
