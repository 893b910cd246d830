import type { CommandCache } from '@waybill/core'
import { Redis } from 'ioredis'
import { config } from './config.ts'

// What Redis does not answer at once, the database answers: nothing waits for a connection, and nothing is asked again.
const redis = new Redis(config.REDIS_URL, {
  keyPrefix: config.REDIS_PREFIX,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
})
// The commands tell of a cache that fails, once. This would tell of each attempt to connect.
redis.on('error', () => undefined)

export const cache: CommandCache = {
  get: (key) => redis.get(key),
  set: (key, value, ttlMs) => redis.set(key, value, 'PX', ttlMs),
}

export function closeCache(): void {
  redis.disconnect()
}
