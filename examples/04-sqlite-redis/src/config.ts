import type { RequiredRedisOptions } from '@waybill/redis-streams'
import { Redis } from 'ioredis'
import { z } from 'zod'

const variables = z.object({
  REDIS_URL: z.url(),
  /** Begins the names of streams, for servers that several environments share. */
  REDIS_PREFIX: z.string().default(''),
  TILL_FILE: z.string(),
  TILL_ID: z.string(),
  OFFICE_FILE: z.string(),
  /** When another relay takes over from one that has died, in milliseconds. */
  RELAY_LEASE_MS: z.coerce.number().default(30_000),
  PORT: z.coerce.number().default(3000),
})

const given = variables.safeParse(process.env)
if (!given.success) throw new Error(`The environment is not complete:\n${z.prettifyError(given.error)}`)

export const config = given.data

/** Streams and groups are made as they are needed: there is no operator in a shop. */
export const streams = {
  redis: (required: RequiredRedisOptions) => new Redis(config.REDIS_URL, required),
  stream: (topic: string) => `${config.REDIS_PREFIX}${topic}`,
  topology: 'create',
} as const
