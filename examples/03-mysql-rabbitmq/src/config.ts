import { z } from 'zod'

const variables = z.object({
  MYSQL_URL: z.url(),
  RABBITMQ_URL: z.url(),
  /** Begins the names of exchanges and queues, for servers that several environments share. */
  RABBITMQ_PREFIX: z.string().default(''),
  /** When other relays take over from one that has died, in milliseconds. */
  RELAY_LEASE_MS: z.coerce.number().default(30_000),
})

const given = variables.safeParse(process.env)
if (!given.success) throw new Error(`The environment is not complete:\n${z.prettifyError(given.error)}`)

export const config = given.data
export const rabbitmq = { url: config.RABBITMQ_URL }

/** What the operator has made: see topology.ts. */
export const names = {
  exchange: (topic: string) => `${config.RABBITMQ_PREFIX}${topic}`,
  queue: (topic: string, group: string) => `${config.RABBITMQ_PREFIX}${topic}.${group}`,
  deadExchange: `${config.RABBITMQ_PREFIX}dead`,
  deadQueue: `${config.RABBITMQ_PREFIX}dead`,
} as const
