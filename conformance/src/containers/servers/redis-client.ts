import type { ConnectionOptions } from 'node:tls'
import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** The numbered databases of Redis are few: tests use streams with names of their own. */
const noDatabases = async (): Promise<void> => {
  throw new Error('Redis has no named databases: make streams with names of your own')
}

export function redisClient(tls?: ConnectionOptions): ServerClient {
  return {
    version: async (url) => {
      const info = await askRedis(url, tls)
      return /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown'
    },
    createDatabase: noDatabases,
    dropDatabase: noDatabases,
  }
}

/** Rejects unless the server answers and has read its data. */
async function askRedis(url: string, tls: ConnectionOptions | undefined): Promise<string> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    connectTimeout: connectTimeoutMs,
    commandTimeout: connectTimeoutMs,
    lazyConnect: true,
    retryStrategy: () => null,
    ...(tls === undefined ? {} : { tls }),
  })
  // An error between two calls also fails the call that follows.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.info('server')
  } finally {
    client.disconnect()
  }
}
