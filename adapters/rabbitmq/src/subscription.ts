import type { ActiveSubscription, Delivery, Disposition, Subscription } from '@waybill/core/contracts'
import type { ConsumeMessage } from 'amqplib'
import { Backlog, type Held } from './backlog.ts'
import { ConsumeChannel, type ConsumeTerms, QueueRefusedError } from './consume-channel.ts'
import { consumerError, plainError } from './errors.ts'
import { rawOf, toMessage } from './mapping.ts'
import type { RabbitmqConsumerOptions } from './options.ts'

export type Handle = (delivery: Delivery) => Promise<Disposition>

const backoffMs = { first: 100, most: 5000 }

/** Consumes the queues of a group, and connects anew when the connection is lost. */
export class RabbitSubscription implements ActiveSubscription {
  readonly #subscription: Subscription
  readonly #options: RabbitmqConsumerOptions
  readonly #handle: Handle
  readonly #onDisposed: () => void
  readonly #terms: ConsumeTerms
  readonly #backlog = new Backlog()
  readonly #work = new Set<Promise<void>>()
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ending: PromiseWithResolvers<void> = Promise.withResolvers()
  #channel: ConsumeChannel | undefined
  #reconnecting: Promise<void> = Promise.resolve()
  #count = 0
  #isPaused = false
  #isEnded = false
  #isGone = false
  #due: NodeJS.Timeout | undefined
  #disposal: Promise<void> | undefined

  constructor(options: RabbitmqConsumerOptions, subscription: Subscription, handle: Handle, onDisposed: () => void) {
    this.#options = options
    this.#subscription = subscription
    this.#handle = handle
    this.#onDisposed = onDisposed
    this.#terms = {
      options,
      subscription,
      onDelivery: (from, topic, message) => this.#receive(from, topic, message),
      onLost: (channel, error) => this.#onLost(channel, error),
    }
    this.#closed.promise.catch(() => undefined)
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Rejects if a queue is missing or RabbitMQ cannot be reached. */
  async start(): Promise<void> {
    try {
      this.#adopt(await ConsumeChannel.open(this.#terms))
    } catch (error) {
      this.#end()
      throw consumerError('The subscription could not begin', error)
    }
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#pump()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose().finally(this.#onDisposed)
    return this.#disposal
  }

  /** Ends as a killed process does: nothing is acknowledged. */
  crash(): void {
    this.#isGone = true
    this.#end()
    this.#channel?.destroy()
    this.#channel = undefined
    this.#closed.reject(consumerError(`The subscription of '${this.#subscription.group}' was cut off`))
  }

  async #dispose(): Promise<void> {
    this.#end()
    await this.#reconnecting
    // The consumers are not cancelled: RabbitMQ would make another one active while this one has messages in hand that come before.
    await Promise.all(this.#work)
    await this.#channel?.close()
    this.#closed.resolve()
  }

  /** It may have been lost, or be unwanted, by the time that it is here. */
  #adopt(channel: ConsumeChannel): void {
    if (this.#isGone || this.#disposal !== undefined) {
      channel.destroy()
      return
    }
    this.#channel = channel
    if (channel.signal.aborted) this.#onLost(channel, plainError(channel.signal.reason))
  }

  #receive(from: ConsumeChannel, topic: string, message: ConsumeMessage): void {
    // It goes back to its place when the channel is closed.
    if (this.#isEnded) return
    const raw = rawOf(message.content, message.properties)
    const found = toMessage(topic, raw)
    const { redelivered, exchange, routingKey, deliveryTag } = message.fields
    const counted: unknown = message.properties.headers?.['x-delivery-count']
    const before = typeof counted === 'number' ? counted : redelivered ? undefined : 0
    const delivery: Delivery = {
      raw,
      source: { topic, partition: `${exchange}/${routingKey}`, position: String(deliveryTag) },
      redelivered,
      signal: from.signal,
      ...(found === undefined ? {} : { message: found }),
      ...(before === undefined ? {} : { deliveryCount: before + 1 }),
    }
    const place = this.#count++
    const scope = `${topic}\u0000${raw.key ?? found?.id ?? place}`
    this.#backlog.add({ delivery, from, raw: message, scope, place })
    this.#pump()
  }

  /** Hands over what there is room for, and comes again when something falls due. */
  #pump(): void {
    const now = performance.now()
    while (!this.#isEnded && !this.#isPaused && this.#work.size < this.#subscription.maxInFlight) {
      const held = this.#backlog.take(now)
      if (held === undefined) break
      this.#deliver(held)
    }
    clearTimeout(this.#due)
    const dueAt = this.#backlog.nextDueAt(now)
    if (dueAt !== undefined && !this.#isEnded) this.#due = setTimeout(() => this.#pump(), Math.ceil(dueAt - now))
  }

  #deliver(held: Held): void {
    const work = this.#disposition(held.delivery).then((disposition) => {
      this.#work.delete(work)
      this.#settle(held, disposition)
      this.#pump()
    })
    this.#work.add(work)
  }

  async #disposition(delivery: Delivery): Promise<Disposition> {
    try {
      return await this.#handle(delivery)
    } catch {
      // The contract: a handler that rejects wants the delivery again.
      return { type: 'retry', delayMs: 0 }
    }
  }

  /** RabbitMQ has taken back what came over a channel that is lost, and delivers it again. */
  #settle(held: Held, disposition: Disposition): void {
    const { from, raw, delivery } = held
    if (from.signal.aborted) return
    if (disposition.type === 'ack') from.ack(raw)
    else if (disposition.type === 'reject') from.reject(raw)
    else {
      const { deliveryCount } = delivery
      const counted = deliveryCount === undefined ? {} : { deliveryCount: deliveryCount + 1 }
      const again = { ...held, delivery: { ...delivery, redelivered: true, ...counted } }
      this.#backlog.add(again, disposition.delayMs > 0 ? performance.now() + disposition.delayMs : 0)
    }
  }

  #onLost(channel: ConsumeChannel, error: Error): void {
    this.#backlog.removeAllFrom(channel)
    if (this.#channel !== channel || this.#isEnded) return
    this.#channel = undefined
    this.#report(error)
    this.#reconnecting = this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    for (let failures = 0; !this.#isEnded; failures = Math.min(failures + 1, 16)) {
      await this.#wait(Math.min(backoffMs.most, backoffMs.first * 2 ** failures))
      if (this.#isEnded) return
      try {
        this.#adopt(await ConsumeChannel.open(this.#terms))
        return
      } catch (error) {
        if (error instanceof QueueRefusedError) {
          this.#fail(error)
          return
        }
        this.#report(error)
      }
    }
  }

  /** Ends by itself: the queue is gone, or we are no longer let in. */
  #fail(error: Error): void {
    this.#closed.reject(consumerError(`The subscription of '${this.#subscription.group}' has ended`, error))
    this.#end()
  }

  #report(error: unknown): void {
    this.#options.onError?.(plainError(error))
  }

  /** Until the time has passed, or the subscription ends. */
  async #wait(ms: number): Promise<void> {
    const passed = Promise.withResolvers<void>()
    const timer = setTimeout(passed.resolve, ms)
    await Promise.race([passed.promise, this.#ending.promise])
    clearTimeout(timer)
  }

  #end(): void {
    this.#isEnded = true
    clearTimeout(this.#due)
    this.#ending.resolve()
  }
}
