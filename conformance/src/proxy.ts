import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket, connect as toServer } from 'node:net'
import type { Disruption } from './disruption.ts'

/** A TCP proxy before a server: `disrupt` of a harness, and what makes a reply get lost. */
export interface Proxy extends Disruption {
  /** The server's URL with the proxy's host and port, credentials and all. */
  readonly url: string
  /** Where the proxy listens, for clients that take no URL. */
  readonly address: { readonly host: string; readonly port: number }
  /** From now on nothing comes back from the server: what is sent arrives, and its reply is lost. */
  swallowReplies(): void
  /** Ends all connections; new ones are taken, and replies come back again. */
  reset(): void
  /** Ends all connections and takes no new ones. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Stands before a server that runs on, so that a test can cut off one client and no other: clients cannot tell it from a
 * server that has stopped. `restore` takes connections at the same address again. Not for servers that tell their clients
 * where to connect next, as Kafka does.
 *
 * @param url - Of the server, with its port.
 */
export async function proxyBefore(url: string): Promise<Proxy> {
  const upstream = new URL(url)
  const sockets = new Set<Socket>()
  let swallowing = false
  const server = createServer((client) => {
    const remote = toServer({ host: upstream.hostname, port: Number(upstream.port) })
    endTogether(client, remote, sockets)
    client.pipe(remote)
    remote.on('data', (data) => {
      if (!swallowing) client.write(data)
    })
  })
  const reset = () => {
    swallowing = false
    for (const socket of sockets) socket.destroy()
  }
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const cut = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    reset()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  const own = new URL(url)
  own.host = `127.0.0.1:${port}`
  const restore = async () => {
    if (!server.listening) await listen(port)
  }
  return {
    url: own.href,
    address: { host: '127.0.0.1', port },
    cut,
    restore,
    swallowReplies() {
      swallowing = true
    },
    reset,
    close: cut,
  }
}

/** An end that is gone takes the other with it. */
function endTogether(client: Socket, remote: Socket, sockets: Set<Socket>): void {
  for (const socket of [client, remote]) {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      client.destroy()
      remote.destroy()
    })
  }
}
