import { z } from 'zod'

const variables = z.object({
  POSTGRES_URL: z.url(),
  REDIS_URL: z.url(),
  /** Begins BullMQ's keys, for servers that several environments share. */
  BULLMQ_PREFIX: z.string().default('bull'),
  /** When other workers get the jobs of one that has died, in milliseconds. */
  JOB_LOCK_MS: z.coerce.number().int().default(30_000),
  /** When other relays take over from one that has died, in milliseconds. */
  RELAY_LEASE_MS: z.coerce.number().int().default(30_000),
})

const given = variables.safeParse(process.env)
if (!given.success) throw new Error(`The environment is not complete:\n${z.prettifyError(given.error)}`)

export const config = given.data
