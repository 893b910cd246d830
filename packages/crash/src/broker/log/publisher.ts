import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type BrokerPublisher, type Message, PublishError, type PublishOutcome } from '@waybill/core/contracts'
import type { BrokerAddress } from '../broker.ts'
import type { PublishReply, PublishRequest } from './protocol.ts'

type Answer = 'accepted' | 'unanswered' | 'unreachable'

/** Publishes to the log broker, and believes nothing but its answers. */
export function logPublisher(address: BrokerAddress, relay: string): BrokerPublisher {
  const { hostname, port } = new URL(address.url)
  let connection: Connection | undefined
  let calls = 0
  return {
    specificationVersion: 'v1',
    name: 'log',
    // A call arrives whole or not at all, and its messages are appended one after the other.
    capabilities: { atomicPerKey: true, maxMessageBytes: 1_048_576, maxBatchMessages: 500 },
    async publish(messages, { signal }) {
      connection ??= new Connection(hostname, Number(port))
      const used = connection
      const answer = await used.send({ call: ++calls, relay, messages: messages.map(sent) }, signal)
      if (answer !== 'accepted' && connection === used) {
        used.close()
        connection = undefined
      }
      const outcome = outcomeOf(answer)
      return messages.map(() => outcome)
    },
    async close() {
      connection?.close()
    },
  }
}

function sent({ id, topic, orderingKey, payload }: Message) {
  return { id, topic, key: orderingKey ?? null, payload: new TextDecoder().decode(payload) }
}

function outcomeOf(answer: Answer): PublishOutcome {
  switch (answer) {
    case 'accepted':
      return { type: 'accepted' }
    case 'unanswered':
      return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', 'The broker did not answer') }
    case 'unreachable': {
      const error = new PublishError('BROKER_UNAVAILABLE', 'The broker cannot be reached')
      return { type: 'unavailable', scope: 'broker', error }
    }
  }
}

/** One connection, until it breaks. */
class Connection {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly #opened: Promise<boolean>

  constructor(host: string, port: number) {
    this.#socket = createConnection({ host, port, noDelay: true })
    this.#opened = new Promise((resolve) => {
      this.#socket.once('connect', () => resolve(true))
      this.#socket.once('close', () => resolve(false))
    })
    this.#socket.once('close', () => {
      for (const answer of this.#waiting.values()) answer('unanswered')
    })
    const lines = createInterface({ input: this.#socket })
    lines.on('line', (line) => {
      const { call }: PublishReply = JSON.parse(line)
      this.#waiting.get(call)?.('accepted')
    })
    // The close that follows an error says all that there is to say.
    for (const end of [this.#socket, lines]) end.on('error', () => undefined)
  }

  async send(request: PublishRequest, signal: AbortSignal): Promise<Answer> {
    if (!(await this.#opened) || this.#socket.destroyed) return 'unreachable'
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(request.call, resolve)
    const giveUp = () => resolve('unanswered')
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    this.#socket.write(`${JSON.stringify(request)}\n`)
    const answer = await promise
    signal.removeEventListener('abort', giveUp)
    this.#waiting.delete(request.call)
    return answer
  }

  close(): void {
    this.#socket.destroy()
  }
}
