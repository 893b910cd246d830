import type { KafkaConfig } from 'kafkajs'
import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** Kafka has no databases: tests use topics and groups with names of their own. */
const noDatabases = async (): Promise<void> => {
  throw new Error('Kafka has no databases: make topics with names of your own')
}

/** Who connects. With an account also by TLS, where any certificate will do: it is only asked whether the server answers. */
export interface KafkaAccount {
  readonly user: string
  readonly password: string
}

/** Kafka does not tell its version to clients: it is known of our images alone. */
export function kafkaClient(imageVersion: string, account?: KafkaAccount): ServerClient {
  return {
    version: async (url) => {
      await reach(url, account)
      return imageVersion
    },
    createDatabase: noDatabases,
    dropDatabase: noDatabases,
  }
}

/** Rejects unless a broker answers and the cluster has a controller. */
async function reach(url: string, account: KafkaAccount | undefined): Promise<void> {
  const { Kafka, logLevel } = await import('kafkajs')
  const admin = new Kafka({
    brokers: [new URL(url).host],
    connectionTimeout: connectTimeoutMs,
    requestTimeout: connectTimeoutMs,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(account === undefined ? {} : secured(account)),
  }).admin()
  try {
    await admin.connect()
    const { controller } = await admin.describeCluster()
    if (controller === null) throw new Error('The cluster has no controller yet')
  } finally {
    await admin.disconnect()
  }
}

function secured({ user, password }: KafkaAccount): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  return { ssl: { rejectUnauthorized: false }, sasl: { mechanism: 'plain', username: user, password } }
}
