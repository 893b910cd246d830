import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy before a server, whose connections can be cut while the server runs on. */
export interface CuttableProxy {
  readonly address: { readonly host: string; readonly port: number }
  /** Ends all connections and takes no new ones. */
  cut(): void
  /** Takes connections again, at the same address. */
  restore(): Promise<void>
  /** From now on nothing comes back from the server: what is sent arrives, and its reply is lost. */
  swallowReplies(): void
  /** Ends all connections; new ones are taken, and replies come back again. */
  reset(): void
  close(): Promise<void>
}

export async function cuttableProxy(upstream: {
  readonly host: string
  readonly port: number
}): Promise<CuttableProxy> {
  const sockets = new Set<Socket>()
  let swallowing = false
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((client) => {
      const remote = connect(upstream.port, upstream.host)
      for (const socket of [client, remote]) {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          sockets.delete(socket)
          client.destroy()
          remote.destroy()
        })
      }
      client.pipe(remote)
      remote.on('data', (data) => {
        if (!swallowing) client.write(data)
      })
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server: Server | undefined = await listen(0)
  const { port } = server.address() as AddressInfo
  const reset = (): void => {
    swallowing = false
    for (const socket of sockets) socket.destroy()
  }
  const cut = (): void => {
    server?.close()
    server = undefined
    reset()
  }
  return {
    address: { host: '127.0.0.1', port },
    cut,
    async restore() {
      server ??= await listen(port)
    },
    swallowReplies() {
      swallowing = true
    },
    reset,
    async close() {
      cut()
    },
  }
}
