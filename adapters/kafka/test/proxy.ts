import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'

/** What to do with a request that a client has sent: pass it on, swallow it, or pass it on and cut the connection instead of answering. */
export type OnRequest = (apiKey: number) => 'pass' | 'swallow' | 'lose-reply'

const ports = { from: 20_000, to: 32_000 }

/**
 * Stands before a broker, with a port of its own, as the only way to it that its clients know: the broker's address in answers
 * is replaced by its own. So a test can cut off one client and no other.
 */
export class KafkaProxy implements AsyncDisposable {
  readonly address: string
  onRequest: OnRequest = () => 'pass'
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  static async before(broker: URL): Promise<KafkaProxy> {
    for (;;) {
      const server = createServer()
      const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from))
      const isTaken = await new Promise<boolean>((resolve) => {
        server.once('error', () => resolve(true))
        server.listen(port, () => resolve(false))
      })
      if (!isTaken) return new KafkaProxy(server, broker, port)
    }
  }

  private constructor(server: Server, broker: URL, port: number) {
    this.#server = server
    this.address = `${broker.hostname}:${port}`
    const [from, to] = [addressBytes(broker.hostname, Number(broker.port)), addressBytes(broker.hostname, port)]
    server.on('connection', (client) => this.#serve(client, broker, (frame) => replaceAll(frame, from, to)))
  }

  /** Ends all connections and takes no new ones. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  restore(): void {
    this.#isCut = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(client: Socket, broker: URL, rewrite: (frame: Buffer) => Buffer): void {
    if (this.#isCut) {
      client.destroy()
      return
    }
    const upstream = connectTcp({ host: broker.hostname, port: Number(broker.port) })
    let loseReplies = false
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    onFrames(client, (frame) => {
      const action = this.onRequest(frame.readInt16BE(4))
      if (action === 'swallow') return
      if (action === 'lose-reply') loseReplies = true
      upstream.write(frame)
    })
    onFrames(upstream, (frame) => {
      if (loseReplies) client.destroy()
      else client.write(rewrite(frame))
    })
  }
}

/** Calls back for each request or answer, with its length before it. */
function onFrames(socket: Socket, callback: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      callback(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  })
}

/** Host and port as they stand beside each other in answers. */
function addressBytes(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(host.length + 4)
  bytes.write(host)
  bytes.writeInt32BE(port, host.length)
  return bytes
}

function replaceAll(frame: Buffer, from: Buffer, to: Buffer): Buffer {
  for (let at = frame.indexOf(from); at >= 0; at = frame.indexOf(from, at + to.length)) to.copy(frame, at)
  return frame
}
