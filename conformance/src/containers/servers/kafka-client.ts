import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** Kafka has no databases: tests use topics and groups with names of their own. */
const noDatabases = async (): Promise<void> => {
  throw new Error('Kafka has no databases: make topics with names of your own')
}

/** What connects to a server, beside its address. */
export interface KafkaAccess {
  /** Certificates to trust, as PEM. Absent: no TLS. */
  readonly certificate?: string
  readonly user?: string
  readonly password?: string
}

/** Kafka does not tell its version to clients: it is known of our images alone. */
export function kafkaClient(imageVersion: string, access: KafkaAccess = {}): ServerClient {
  return {
    version: async (url) => {
      await reach(url, access)
      return imageVersion
    },
    createDatabase: noDatabases,
    dropDatabase: noDatabases,
  }
}

/** Rejects unless a broker answers and the cluster has a controller. */
async function reach(url: string, { certificate, user, password }: KafkaAccess): Promise<void> {
  const { Kafka, logLevel } = await import('kafkajs')
  const admin = new Kafka({
    brokers: [new URL(url).host],
    connectionTimeout: connectTimeoutMs,
    requestTimeout: connectTimeoutMs,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(certificate === undefined ? {} : { ssl: { ca: certificate } }),
    ...(user === undefined ? {} : { sasl: { mechanism: 'scram-sha-512', username: user, password: password ?? '' } }),
  }).admin()
  try {
    await admin.connect()
    const { controller } = await admin.describeCluster()
    if (controller === null) throw new Error('The cluster has no controller yet')
  } finally {
    await admin.disconnect()
  }
}
