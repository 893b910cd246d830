import type { Subscription } from '@waybill/core/contracts'
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { closeConnection, destroyConnection, openConnection } from './connection.ts'
import { consumerError, isRefusal, plainError } from './errors.ts'
import type { RabbitmqConsumerOptions } from './options.ts'

export interface ConsumeTerms {
  readonly options: RabbitmqConsumerOptions
  readonly subscription: Subscription
  onDelivery(from: ConsumeChannel, topic: string, message: ConsumeMessage): void
  /** The channel is gone, and all that came over it with it. Not called by `close` and `destroy`. */
  onLost(channel: ConsumeChannel, error: Error): void
}

/** One connection's life: deliveries are acknowledged over the channel that they came from, or not at all. */
export class ConsumeChannel {
  readonly #model: ChannelModel
  readonly #channel: Channel
  readonly #lost = new AbortController()
  #isOpen = true
  #reason: Error | undefined

  private constructor(model: ChannelModel, channel: Channel) {
    this.#model = model
    this.#channel = channel
  }

  /** Connects and begins to consume. Rejects with what is missing, by name. */
  static async open(terms: ConsumeTerms): Promise<ConsumeChannel> {
    const { options, subscription } = terms
    const model = await openConnection(options.rabbitmq)
    try {
      const channel = await model.createChannel()
      const opened = new ConsumeChannel(model, channel)
      opened.#listen(terms)
      await channel.prefetch(subscription.maxInFlight)
      for (const topic of subscription.topics) await opened.#consume(topic, terms)
      return opened
    } catch (error) {
      destroyConnection(model)
      throw error
    }
  }

  /** Fires when RabbitMQ takes back what it has delivered. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  ack(message: ConsumeMessage): void {
    if (this.#isOpen) this.#channel.ack(message)
  }

  /** To the dead letters of the queue, or away. */
  reject(message: ConsumeMessage): void {
    if (this.#isOpen) this.#channel.nack(message, false, false)
  }

  /** Sends what is to be acknowledged, and gives the rest back. */
  async close(): Promise<void> {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    // It rejects if it was closed meanwhile.
    if (wasOpen) await this.#channel.close().catch(() => undefined)
    await closeConnection(this.#model)
  }

  /** As a killed process does. */
  destroy(): void {
    this.#isOpen = false
    destroyConnection(this.#model)
  }

  #listen(terms: ConsumeTerms): void {
    for (const source of [this.#channel, this.#model]) {
      source.on('error', (error: Error) => {
        this.#reason ??= plainError(error)
      })
    }
    this.#channel.on('close', () => {
      this.#lost.abort(
        consumerError('The connection was lost, and RabbitMQ takes back what it had delivered', this.#reason),
      )
      if (!this.#isOpen) return
      this.#isOpen = false
      destroyConnection(this.#model)
      terms.onLost(this, this.#reason ?? new Error('The connection was closed'))
    })
  }

  async #consume(topic: string, terms: ConsumeTerms): Promise<void> {
    const queue = await this.#requireQueue(topic, terms)
    await this.#channel.consume(queue, (message) => {
      if (message !== null) {
        terms.onDelivery(this, topic, message)
        return
      }
      // The queue was deleted, or its node is going down.
      this.#reason = new Error(`RabbitMQ has cancelled the consumer of the queue '${queue}'`)
      destroyConnection(this.#model)
    })
  }

  async #requireQueue(topic: string, { options, subscription }: ConsumeTerms): Promise<string> {
    const { group } = subscription
    const queue = options.queue?.(topic, group) ?? `${topic}.${group}`
    try {
      if (options.topology === 'create') await this.#declare(topic, queue, options)
      else await this.#channel.checkQueue(queue)
      return queue
    } catch (error) {
      if (!isRefusal(error)) throw error
      const hint = "declare it and bind it to the exchange of the topic, or set topology: 'create'"
      throw new QueueRefusedError(`The queue '${queue}' cannot be consumed: ${hint}`, { cause: error })
    }
  }

  async #declare(topic: string, queue: string, options: RabbitmqConsumerOptions): Promise<void> {
    const { singleActiveConsumer, deadLetterExchange, deliveryLimit } = options
    await this.#channel.assertExchange(topic, 'topic', { durable: true })
    await this.#channel.assertQueue(queue, {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        ...(singleActiveConsumer === true ? { 'x-single-active-consumer': true } : {}),
        ...(deadLetterExchange === undefined ? {} : { 'x-dead-letter-exchange': deadLetterExchange }),
        ...(deliveryLimit === undefined ? {} : { 'x-delivery-limit': deliveryLimit }),
      },
    })
    await this.#channel.bindQueue(queue, topic, '#')
  }
}

/** Repeating it does not help: the queue is missing, of another kind, or not ours to read. */
export class QueueRefusedError extends Error {
  constructor(what: string, { cause }: { readonly cause: unknown }) {
    const plain = plainError(cause)
    super(`${what} (${plain.message})`, { cause: plain })
    this.name = 'QueueRefusedError'
  }
}
