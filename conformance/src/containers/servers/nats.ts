import type { ServerKind } from './kind.ts'
import { natsClient } from './nats-client.ts'

const [user, password] = ['waybill', 'waybill']

/** With JetStream, and its data where the container ends with them. */
export const nats: ServerKind = {
  id: 'nats',
  name: 'NATS',
  image: 'nats:2.10',
  recipe: { folder: 'nats' },
  port: 4222,
  urlVariable: 'WAYBILL_TEST_NATS_URL',
  environment: {},
  command: ['--jetstream', '--store_dir', '/data', '--user', user, '--pass', password],
  url: (host, port) => `nats://${user}:${password}@${host}:${port}`,
  client: natsClient,
}
