import { z } from 'zod'

const variables = z.object({
  POSTGRES_URL: z.url(),
  REDIS_URL: z.url(),
  /** Begins the cache's keys, for servers that several environments share. */
  REDIS_PREFIX: z.string().default(''),
  /**
   * What becomes of a request while the same is being carried out: it waits for the answer, which takes a connection of the
   * pool meanwhile, or it gets 409.
   */
  WHEN_BUSY: z.enum(['wait', 'refuse']).default('wait'),
  /** How long Redis has to answer before the database is asked, in milliseconds. */
  CACHE_TIMEOUT_MS: z.coerce.number().int().default(100),
  PORT: z.coerce.number().int().default(3000),
})

const given = variables.safeParse(process.env)
if (!given.success) throw new Error(`The environment is not complete:\n${z.prettifyError(given.error)}`)

export const config = given.data
