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
export function kafkaClient(imageVersion: string, account?: KafkaAccount, brokers = 1): ServerClient {
  return {
    version: async (url) => {
      const found = await reach(url, account)
      if (found < brokers) throw new Error(`${found} of ${brokers} brokers are there`)
      return imageVersion
    },
    createDatabase: noDatabases,
    dropDatabase: noDatabases,
  }
}

/** How many brokers there are. Rejects unless one answers and there is a controller. */
async function reach(url: string, account: KafkaAccount | undefined): Promise<number> {
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
    const { controller, brokers } = await admin.describeCluster()
    if (controller === null) throw new Error('The cluster has no controller yet')
    return brokers.length
  } finally {
    await admin.disconnect()
  }
}

function secured({ user, password }: KafkaAccount): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  return { ssl: { rejectUnauthorized: false }, sasl: { mechanism: 'plain', username: user, password } }
}
