import { z } from 'zod'
import { steps } from './step-names.ts'

const variables = z.object({
  POSTGRES_URL: z.url(),
  /** `host:port`, separated by commas. */
  KAFKA_BROKERS: z.string().transform((list) => list.split(',')),
  /** Begins the names of topics and groups, for clusters that several environments share. */
  KAFKA_PREFIX: z.string().default(''),
  /** When other members get the partitions of one that has died, in milliseconds. */
  KAFKA_SESSION_TIMEOUT_MS: z.coerce.number().int().default(30_000),
  /** When other relays take over from one that has died, in milliseconds. */
  RELAY_LEASE_MS: z.coerce.number().int().default(30_000),
  /** The process ends with SIGKILL when a request is here. */
  DIE_AT: z.enum(steps).optional(),
})

const given = variables.safeParse(process.env)
if (!given.success) throw new Error(`The environment is not complete:\n${z.prettifyError(given.error)}`)

export const config = given.data
export const kafka = {
  brokers: config.KAFKA_BROKERS,
  topicOf: (topic: string) => `${config.KAFKA_PREFIX}${topic}`,
}
