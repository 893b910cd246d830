import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { BrokerPublisher, Message, PublishOptions, PublishOutcome } from '@waybill/core/contracts'
import { encodeHeaders, sizeOf } from './mapping.ts'
import type { NatsPublisherOptions } from './options.ts'
import { outcomeOf, tooLarge, unknown, unreachable } from './outcomes.ts'

/**
 * Publishes to JetStream: the topic is the subject, and a stream of the operator's keeps it. Connects at the first call, and
 * anew when the connection was lost.
 */
export function natsPublisher(options: NatsPublisherOptions): BrokerPublisher {
  return new NatsPublisher(options)
}

class NatsPublisher implements BrokerPublisher {
  readonly specificationVersion = 'v1'
  readonly name = 'nats'
  // #region capabilities
  // The server judges messages one by one: a later one is stored although an earlier one of its key was refused.
  readonly capabilities: BrokerPublisher['capabilities']
  // #endregion
  readonly #options: NatsPublisherOptions
  readonly #calls = new Set<Promise<unknown>>()
  #link: Promise<Link> | undefined
  #closed = false

  constructor(options: NatsPublisherOptions) {
    this.#options = options
    const { maxMessageBytes = 1_048_576 } = options
    this.capabilities = { atomicPerKey: false, maxMessageBytes, maxBatchMessages: 500 }
  }

  async publish(messages: readonly Message[], options: PublishOptions): Promise<readonly PublishOutcome[]> {
    if (this.#closed) return messages.map(() => unreachable('the publisher has been closed'))
    const call = this.#publish(messages, options)
    this.#calls.add(call)
    return await call.finally(() => this.#calls.delete(call))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#calls)
    const link = await this.#link?.catch(() => undefined)
    await link?.connection.close()
  }

  async #publish(messages: readonly Message[], options: PublishOptions): Promise<readonly PublishOutcome[]> {
    if (messages.length === 0) return []
    const aborted = whenAborted(options.signal)
    const link = await Promise.race([
      this.#connect().catch(unreachable),
      aborted.then(() => unreachable('no connection in time')),
    ])
    if ('type' in link) return messages.map(() => link)
    return await Promise.all(
      messages.map((message) => Promise.race([this.#publishOne(link, message, options), aborted])),
    )
  }

  async #publishOne({ stream }: Link, message: Message, { timeoutMs }: PublishOptions): Promise<PublishOutcome> {
    const headers = encodeHeaders(message)
    const bytes = message.payload.byteLength + sizeOf(headers)
    if (bytes > this.capabilities.maxMessageBytes) return tooLarge(bytes, this.capabilities.maxMessageBytes)
    try {
      // Without a msgID: within its window the server would drop a dead letter that comes back, edited, by redrive.
      await stream.publish(message.topic, message.payload, { headers, timeout: timeoutMs, retries: 1 })
      return { type: 'accepted' }
    } catch (error) {
      return outcomeOf(message.topic, error)
    }
  }

  #connect(): Promise<Link> {
    this.#link ??= this.#open().catch((error) => {
      this.#link = undefined
      throw error
    })
    return this.#link
  }

  async #open(): Promise<Link> {
    // A client that reconnects by itself sends late what it kept meanwhile, when core has long called it unknown.
    const connection = await connect({ timeout: 3000, ...this.#options.nats, reconnect: false })
    void connection.closed().then(() => {
      this.#link = undefined
    })
    return { connection, stream: jetstream(connection) }
  }
}

interface Link {
  readonly connection: NatsConnection
  readonly stream: JetStreamClient
}

function whenAborted(signal: AbortSignal): Promise<PublishOutcome> {
  const outcome = unknown('it has not answered in time')
  if (signal.aborted) return Promise.resolve(outcome)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(outcome), { once: true }))
}
