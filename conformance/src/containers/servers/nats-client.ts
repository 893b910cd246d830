import { once } from 'node:events'
import { connect } from 'node:net'
import type { ServerClient } from './kind.ts'

const answerTimeoutMs = 3000

const noDatabases = async (): Promise<void> => {
  throw new Error('NATS has no databases: make streams with names of your own')
}

/** Without a client library: a NATS server says who it is as soon as somebody connects. */
export const natsClient: ServerClient = {
  version: async (url) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    try {
      const [greeting] = await once(socket, 'data', { signal: AbortSignal.timeout(answerTimeoutMs) })
      const info = JSON.parse(/^INFO (\{.*\})/.exec(String(greeting))?.[1] ?? '{}') as Greeting
      if (info.version === undefined) throw new Error('it answers, and not as NATS does')
      if (info.jetstream !== true) throw new Error('JetStream has not been enabled')
      return info.version
    } finally {
      socket.destroy()
    }
  },
  createDatabase: noDatabases,
  dropDatabase: noDatabases,
}

/** What we read of the first line of a connection. */
interface Greeting {
  readonly version?: string
  readonly jetstream?: boolean
}
