import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { asChild } from '../../process/as-child.ts'
import type { Acceptance } from '../broker.ts'
import type { BrokerInput, FromBroker } from './broker.ts'
import type { PublishReply, PublishRequest } from './protocol.ts'

// The broker: takes messages over a socket, appends them to its log, and only then answers. It may be killed at any moment:
// a line that was not written to its end was never answered, and is cut off at the next start.

const parent = asChild<BrokerInput, never, FromBroker>()
const { file, port } = parent.input
const log = openSync(file, constants.O_RDWR | constants.O_CREAT)
let end = cutTornLine(log)

const server = createServer((socket) => {
  const lines = createInterface({ input: socket })
  lines.on('line', (line) => accept(socket, JSON.parse(line) as PublishRequest))
  // A relay that was killed leaves a broken connection, and a broker needs to know no more of it.
  for (const end of [socket, lines]) end.on('error', () => socket.destroy())
})
server.listen(port, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The broker has no port')
  void parent.send({ type: 'listening', port: address.port })
})
process.once('exit', () => closeSync(log))

function accept(socket: Socket, { call, relay, messages }: PublishRequest): void {
  const at = Date.now()
  const lines = messages.map((message) => `${JSON.stringify({ ...message, relay, at } satisfies Acceptance)}\n`)
  const bytes = Buffer.from(lines.join(''))
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(log, bytes, written, bytes.length - written, end + written)
  }
  end += bytes.length
  const reply: PublishReply = { call }
  socket.write(`${JSON.stringify(reply)}\n`)
}

/** Answers where the log ends. */
function cutTornLine(descriptor: number): number {
  const size = fstatSync(descriptor).size
  const kept = readFileSync(file).lastIndexOf('\n') + 1
  if (kept < size) ftruncateSync(descriptor, kept)
  return kept
}
