import type { SocketOptions } from 'amqplib'
import type { ServerClient } from './kind.ts'

const connectTimeoutMs = 3000

/** Virtual hosts can be made by the server's own tools only: tests use exchanges and queues with names of their own. */
const noDatabases = async (): Promise<void> => {
  throw new Error('RabbitMQ has no databases: make exchanges and queues with names of your own')
}

export function rabbitmqClient(tls: SocketOptions = {}): ServerClient {
  return { version: (url) => versionOf(url, tls), createDatabase: noDatabases, dropDatabase: noDatabases }
}

/** Rejects unless the server takes connections and opens channels. */
async function versionOf(url: string, tls: SocketOptions): Promise<string> {
  const late = Promise.withResolvers<never>()
  const asking = ask(url, tls)
  // amqplib says nothing of a connection that ends in its handshake, as through Docker's proxy while the server starts.
  const timer = setTimeout(() => late.reject(new Error('RabbitMQ did not answer in time')), connectTimeoutMs)
  try {
    return await Promise.race([asking, late.promise])
  } finally {
    clearTimeout(timer)
    asking.catch(() => undefined)
  }
}

async function ask(url: string, tls: SocketOptions): Promise<string> {
  const { connect } = await import('amqplib')
  const connection = await connect(url, { timeout: connectTimeoutMs, ...tls })
  // An error between two calls also fails the call that follows.
  connection.on('error', () => undefined)
  try {
    await connection.createChannel()
    return connection.connection.serverProperties.version
  } finally {
    await connection.close().catch(() => undefined)
  }
}
