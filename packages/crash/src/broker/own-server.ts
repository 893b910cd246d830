import type { OwnServer, Unavailable } from '@waybill/conformance/containers'
import type { Acceptance, Broker, BrokerName, NoBroker } from './broker.ts'

export interface ServerTerms {
  readonly broker: BrokerName
  readonly refusesInPart?: boolean
  /** Makes what relays and consumers expect. */
  prepare(server: OwnServer): Promise<void>
  readLog(server: OwnServer): Promise<readonly Acceptance[]>
}

/** A broker that is a server in a container of the run's own. */
export async function brokerOn(
  starting: Promise<OwnServer | Unavailable>,
  terms: ServerTerms,
): Promise<Broker | NoBroker> {
  const server = await starting
  if (!server.available) return server
  try {
    await terms.prepare(server)
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    available: true,
    server: `${server.name} ${server.version}`,
    address: { broker: terms.broker, url: server.url },
    refusesInPart: terms.refusesInPart ?? false,
    async restart() {
      await server.kill()
      await server.restart()
    },
    readLog: () => terms.readLog(server),
    stop: () => server.stop(),
  }
}

/** What a program inside the server's container prints. @throws If it fails. */
export async function outputOf(server: OwnServer, command: readonly string[]): Promise<string> {
  const { exitCode, output } = await server.exec(command)
  if (exitCode !== 0) throw new Error(`${command[0]} has failed in the container of ${server.name}: ${output}`)
  return output
}
