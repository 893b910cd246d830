import { randomUUID } from 'node:crypto'
import {
  type ActiveSubscription,
  type Delivery,
  type Disposition,
  type Subscription,
  WaybillError,
} from '@waybill/core/contracts'
import { Acknowledgements } from './acknowledgements.ts'
import type { Entry } from './entry.ts'
import { consumerError, isOutage, isReply, plainError } from './errors.ts'
import { ConsumerGroup, type SourceStream } from './group.ts'
import { Hand } from './hand.ts'
import { Keeper } from './keeper.ts'
import { RedisLink } from './link.ts'
import { type RedisStreamsConsumerOptions, streamsOf } from './options.ts'

export type Handle = (delivery: Delivery) => Promise<Disposition>

/** How long one read waits for something new, in milliseconds; a subscription ends within it. */
const blockMs = 500
const backoffMs = { first: 100, most: 5000 }

/** A member of a consumer group, for as long as it reads. */
export class RedisSubscription implements ActiveSubscription {
  readonly #subscription: Subscription
  readonly #options: RedisStreamsConsumerOptions
  readonly #handle: Handle
  readonly #onDisposed: () => void
  readonly #sources: readonly SourceStream[]
  /** Blocked while a read waits. */
  readonly #reading: RedisLink
  readonly #telling: RedisLink
  readonly #group: ConsumerGroup
  readonly #acknowledgements: Acknowledgements
  readonly #hand: Hand
  readonly #keeper: Keeper
  readonly #work = new Set<Promise<void>>()
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ending: PromiseWithResolvers<void> = Promise.withResolvers()
  #changed: PromiseWithResolvers<void> = Promise.withResolvers()
  #isPaused = false
  #isEnded = false
  #isGone = false
  #due: NodeJS.Timeout | undefined
  #loop: Promise<void> = Promise.resolve()
  #disposal: Promise<void> | undefined

  constructor(
    options: RedisStreamsConsumerOptions,
    subscription: Subscription,
    handle: Handle,
    onDisposed: () => void,
  ) {
    const { redis, consumerName = `waybill-${randomUUID()}`, abandonedAfterMs = 60_000 } = options
    this.#options = options
    this.#subscription = subscription
    this.#handle = handle
    this.#onDisposed = onDisposed
    this.#sources = subscription.topics.flatMap((topic) =>
      streamsOf(topic, options).map((stream) => ({ stream, topic })),
    )
    this.#reading = new RedisLink('redisStreamsConsumer', redis)
    this.#telling = new RedisLink('redisStreamsConsumer', redis)
    this.#group = new ConsumerGroup(this.#telling, { group: subscription.group, consumer: consumerName })
    const onError = (error: Error): void => this.#report(error)
    this.#acknowledgements = new Acknowledgements(this.#group, onError)
    this.#hand = new Hand(this.#acknowledgements, subscription.maxInFlight)
    this.#keeper = new Keeper({
      group: this.#group,
      sources: this.#sources,
      hand: this.#hand,
      acknowledgements: this.#acknowledgements,
      abandonedAfterMs,
      wantsMore: () => !this.#isEnded && !this.#isPaused,
      onClaimed: () => this.#pump(),
      onError,
    })
    this.#closed.promise.catch(() => undefined)
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Rejects if a stream or the group is missing, or Redis cannot be reached. */
  async start(): Promise<void> {
    try {
      await this.#attach()
    } catch (error) {
      this.crash()
      throw WaybillError.isInstance(error) ? error : consumerError('The subscription could not begin', error)
    }
    this.#keeper.start()
    this.#loop = this.#read()
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

  /** Ends as a killed process does: nothing is acknowledged or given back. */
  crash(): void {
    this.#isGone = true
    this.#end()
    this.#keeper.stop()
    this.#reading.close()
    this.#telling.close()
    this.#closed.reject(consumerError(`The subscription of '${this.#subscription.group}' was cut off`))
  }

  async #dispose(): Promise<void> {
    this.#end()
    await this.#loop
    await Promise.all(this.#work)
    this.#keeper.stop()
    if (!this.#isGone) {
      await this.#acknowledgements.drain()
      await this.#giveBack().catch((error: unknown) => this.#report(plainError(error)))
    }
    this.#reading.close()
    this.#telling.close()
    this.#closed.resolve()
  }

  /** So that others need not wait until it counts as abandoned. */
  async #giveBack(): Promise<void> {
    const byStream = Map.groupBy(this.#hand.waiting, ({ stream }) => stream)
    for (const { stream } of this.#sources) {
      const ids = (byStream.get(stream) ?? []).map(({ id }) => id)
      if (ids.length > 0) await this.#group.giveBack(stream, ids)
      if (this.#options.consumerName === undefined) await this.#group.leave(stream)
    }
  }

  /** Makes sure that there is something to read, and first takes what was in hand before. */
  async #attach(): Promise<void> {
    for (const source of this.#sources) await this.#group.require(source, this.#options.topology ?? 'existing')
    for (const source of this.#sources) this.#hand.add(await this.#group.readOwn(source))
    await this.#keeper.claim()
    this.#pump()
  }

  async #read(): Promise<void> {
    let failures = 0
    while (!this.#isEnded) {
      try {
        if (failures > 0) await this.#attach()
        failures = 0
        if (this.#isPaused || this.#hand.room === 0) await this.#changed.promise
        else await this.#readOnce()
      } catch (error) {
        if (this.#isEnded) return
        if (failures > 0 && isFinal(error)) {
          this.#fail(error)
          return
        }
        this.#report(plainError(error))
        await this.#wait(Math.min(backoffMs.most, backoffMs.first * 2 ** failures))
        failures = Math.min(failures + 1, 16)
      }
    }
  }

  /** `count` is a limit for each stream: what is too much for now waits in hand. */
  async #readOnce(): Promise<void> {
    const count = Math.max(1, Math.floor(this.#hand.room / this.#sources.length))
    this.#hand.add(await this.#group.readNew(this.#reading, this.#sources, { count, blockMs }))
    this.#pump()
  }

  /** Hands over what there is room for, and comes again when something falls due. */
  #pump(): void {
    const now = performance.now()
    while (!this.#isEnded && !this.#isPaused) {
      const taken = this.#hand.take(now)
      if (taken === undefined) break
      this.#deliver(taken.entry, taken.signal)
    }
    clearTimeout(this.#due)
    const dueAt = this.#hand.nextDueAt(now)
    if (dueAt !== undefined && !this.#isEnded) this.#due = setTimeout(() => this.#pump(), Math.ceil(dueAt - now))
    this.#change()
  }

  #deliver(entry: Entry, signal: AbortSignal): void {
    const { raw, message, stream, topic, id, deliveryCount } = entry
    const source = { topic, partition: stream, position: id }
    const redelivered = deliveryCount > 1
    const delivery = { raw, source, deliveryCount, redelivered, signal, ...(message === undefined ? {} : { message }) }
    const work = this.#disposition(delivery).then((disposition) => {
      this.#work.delete(work)
      this.#settle(entry, signal, disposition)
      this.#hand.putDown(entry)
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

  /** That it has been handled is true also of what is no longer ours; the rest is for whoever has it now. */
  #settle(entry: Entry, signal: AbortSignal, disposition: Disposition): void {
    const deadLetters = this.#options.deadLetterStream?.(entry.topic)
    if (disposition.type === 'ack') this.#acknowledgements.ack(entry)
    else if (signal.aborted) return
    else if (disposition.type === 'retry') {
      this.#hand.retry(entry, disposition.delayMs > 0 ? performance.now() + disposition.delayMs : 0)
    } else if (deadLetters === undefined) this.#acknowledgements.ack(entry)
    else this.#acknowledgements.bury(entry, deadLetters, disposition.reason)
  }

  /** Ends by itself: the group is gone, or we are no longer let in. */
  #fail(error: unknown): void {
    this.#closed.reject(consumerError(`The subscription of '${this.#subscription.group}' has ended`, error))
    this.#end()
    this.#keeper.stop()
  }

  #report(error: Error): void {
    this.#options.onError?.(error)
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
    this.#change()
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** Repeated after connecting anew, it will not pass by itself: the group is missing, or Redis refuses us. */
function isFinal(error: unknown): boolean {
  return WaybillError.isInstance(error) || (isReply(error) && !isOutage(error))
}
