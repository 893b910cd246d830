import type { ServerKind } from './kind.ts'
import { redisClient } from './redis-client.ts'

const password = 'waybill'

/** What is acknowledged after WAITAOF is on the disk: with `everysec` each of those would wait for up to a second. */
export const redis: ServerKind = {
  id: 'redis',
  name: 'Redis',
  image: 'redis:8',
  recipe: { folder: 'redis' },
  port: 6379,
  urlVariable: 'WAYBILL_TEST_REDIS_URL',
  environment: {},
  command: ['--requirepass', password, '--appendonly', 'yes', '--appendfsync', 'always'],
  url: (host, port) => `redis://:${password}@${host}:${port}`,
  client: redisClient,
}
