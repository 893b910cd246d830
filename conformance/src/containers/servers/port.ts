import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152). In that range a client
 * that keeps connecting to a server that is down may get the server's own port for its end, connect to itself, and keep
 * the server from coming back.
 */
const range = { from: 20_000, to: 32_000 }

/** A port of this machine that nobody listens on. Another process may take it before it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(range.from, range.to)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
