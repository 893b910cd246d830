import { AckPolicy, type Consumer, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node'
import { type BrokerConsumer, type Subscription, WaybillError } from '@waybill/core/contracts'
import type { NatsConsumerOptions } from './options.ts'
import { type Handle, NatsSubscription } from './subscription.ts'

/** Takes messages from JetStream: a group is a durable consumer of each topic's stream, whose members pull. */
export function natsConsumer(options: NatsConsumerOptions): BrokerConsumer {
  return new NatsConsumer(options)
}

class NatsConsumer implements BrokerConsumer {
  readonly specificationVersion = 'v1'
  readonly name = 'nats'
  // In order of the stream, but members of a group take what comes next, whatever its key.
  readonly capabilities = { ordering: 'process', delayedRetry: true } as const
  readonly #options: NatsConsumerOptions
  readonly #subscriptions = new Set<NatsSubscription>()
  #connection: Promise<NatsConnection> | undefined
  #closed = false

  constructor(options: NatsConsumerOptions) {
    this.#options = options
  }

  async consume(subscription: Subscription, handle: Handle): Promise<NatsSubscription> {
    if (this.#closed) {
      throw new WaybillError({ code: 'NOT_RUNNING', message: 'The consumer has been closed', retryable: false })
    }
    const { ackWaitMs = 30_000 } = this.#options
    const connection = await this.#connect()
    const sources = await Promise.all(
      subscription.topics.map(async (topic) => ({
        topic,
        consumer: await this.#durable(connection, subscription, topic),
      })),
    )
    const active = new NatsSubscription({
      connection,
      sources,
      handle,
      ackWaitMs,
      maxInFlight: subscription.maxInFlight,
    })
    this.#subscriptions.add(active)
    return active
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const subscription of this.#subscriptions) await subscription[Symbol.asyncDispose]()
    const connection = await this.#connection?.catch(() => undefined)
    await connection?.close()
  }

  #connect(): Promise<NatsConnection> {
    const open = this.#options.connect ?? connect
    const settings = { timeout: 3000, ...this.#options.nats, maxReconnectAttempts: -1 }
    this.#connection ??= open(settings).catch((cause) => {
      this.#connection = undefined
      throw unavailable('NATS cannot be reached', cause)
    })
    return this.#connection
  }

  /** The group's place in the stream: made by the first member, from the stream's beginning, and found by all others. */
  async #durable(connection: NatsConnection, { group }: Subscription, topic: string): Promise<Consumer> {
    try {
      const manager = await jetstreamManager(connection)
      const stream = await manager.streams.find(topic)
      const name = durableName(group, topic)
      await manager.consumers.add(stream, {
        durable_name: name,
        filter_subject: topic,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ack_wait: nanos(this.#options.ackWaitMs ?? 30_000),
      })
      return await jetstream(connection).consumers.get(stream, name)
    } catch (cause) {
      throw unavailable(`No consumer of the group '${group}' can be had for the subject '${topic}'`, cause)
    }
  }
}

function unavailable(text: string, cause: unknown): WaybillError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new WaybillError({ code: 'BROKER_UNAVAILABLE', message: `${text}: ${why}`, retryable: true, cause })
}

/** Names of NATS have no dots, spaces or wildcards. No two groups and topics have one name. */
function durableName(group: string, topic: string): string {
  const plain = (text: string): string =>
    text.replaceAll(/[^A-Za-z0-9-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`)
  return `${plain(group)}__${plain(topic)}`
}
