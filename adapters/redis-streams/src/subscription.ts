import { randomUUID } from 'node:crypto'
import {
  type ActiveSubscription,
  type Delivery,
  type Disposition,
  type Subscription,
  WaybillError,
} from '@waybill/core/contracts'
import { Acknowledgements } from './acknowledgements.ts'
import { Backlog } from './backlog.ts'
import { type Entry, handleOf } from './entry.ts'
import { consumerError, isOutage, isReply, plainError } from './errors.ts'
import { ConsumerGroup, type SourceStream } from './group.ts'
import { RedisLink } from './link.ts'
import { type RedisStreamsConsumerOptions, streamsOf } from './options.ts'

export type Handle = (delivery: Delivery) => Promise<Disposition>

/** How long one read waits for something new, in milliseconds; a subscription ends within it. */
const blockMs = 500
const backoffMs = { first: 100, most: 5000 }

interface InFlight {
  readonly entry: Entry
  readonly lost: AbortController
}

/** A member of a consumer group: reads, hands over, and says three times per `abandonedAfterMs` what it still works on. */
export class RedisSubscription implements ActiveSubscription {
  readonly #subscription: Subscription
  readonly #options: RedisStreamsConsumerOptions
  readonly #handle: Handle
  readonly #abandonedAfterMs: number
  readonly #sources: readonly SourceStream[]
  readonly #reading: RedisLink
  readonly #telling: RedisLink
  readonly #group: ConsumerGroup
  readonly #acknowledgements: Acknowledgements
  readonly #backlog = new Backlog()
  readonly #inFlight = new Map<string, InFlight>()
  readonly #work = new Set<Promise<void>>()
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  #changed: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ending: PromiseWithResolvers<void> = Promise.withResolvers()
  #isPaused = false
  #isEnded = false
  #isGone = false
  #aliveAt: number = performance.now()
  #tick: NodeJS.Timeout | undefined
  #ticking = false
  #due: NodeJS.Timeout | undefined
  #loop: Promise<void> = Promise.resolve()
  #disposal: Promise<void> | undefined

  constructor(options: RedisStreamsConsumerOptions, subscription: Subscription, handle: Handle) {
    this.#options = options
    this.#subscription = subscription
    this.#handle = handle
    this.#abandonedAfterMs = options.abandonedAfterMs ?? 60_000
    this.#sources = subscription.topics.flatMap((topic) =>
      streamsOf(topic, options).map((stream) => ({ stream, topic })),
    )
    this.#reading = new RedisLink('redisStreamsConsumer', options.redis)
    this.#telling = new RedisLink('redisStreamsConsumer', options.redis)
    const consumer = options.consumerName ?? `waybill-${randomUUID()}`
    this.#group = new ConsumerGroup(this.#telling, { group: subscription.group, consumer })
    this.#acknowledgements = new Acknowledgements(this.#group, (error) => this.#report(error))
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
      throw isReply(error) || !(error instanceof Error) ? consumerError('Redis refused the subscription', error) : error
    }
    this.#tick = setInterval(() => void this.#onTick(), this.#abandonedAfterMs / 3)
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
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  /** Ends as a killed process does: nothing is acknowledged or given back. */
  crash(): void {
    this.#end()
    this.#isGone = true
    this.#stopTimers()
    this.#reading.close()
    this.#telling.close()
    this.#closed.reject(consumerError(`The subscription of '${this.#subscription.group}' was cut off`))
  }

  async #dispose(): Promise<void> {
    this.#end()
    await this.#loop
    await Promise.all(this.#work)
    this.#stopTimers()
    if (!this.#isGone) {
      await this.#acknowledgements.drain()
      await this.#giveBack().catch((error: Error) => this.#report(error))
    }
    this.#reading.close()
    this.#telling.close()
    this.#closed.resolve()
  }

  /** So that others need not wait until it counts as abandoned. */
  async #giveBack(): Promise<void> {
    const byStream = Map.groupBy(this.#backlog.entries, ({ stream }) => stream)
    for (const { stream } of this.#sources) {
      const ids = (byStream.get(stream) ?? []).map(({ id }) => id)
      if (ids.length > 0) await this.#group.giveBack(stream, ids)
      if (this.#options.consumerName === undefined) await this.#group.leave(stream)
    }
  }

  /** Makes sure that there is something to read, and first takes what was in hand before. */
  async #attach(): Promise<void> {
    for (const source of this.#sources) await this.#group.require(source, this.#options.topology ?? 'existing')
    for (const source of this.#sources) this.#add(await this.#group.readOwn(source))
    await this.#claim()
  }

  async #claim(): Promise<void> {
    for (const source of this.#sources) {
      const room = this.#room
      if (room > 0) this.#add(await this.#group.claim(source, this.#abandonedAfterMs, room))
    }
  }

  async #read(): Promise<void> {
    let failures = 0
    while (!this.#isEnded) {
      try {
        if (failures > 0) await this.#attach()
        failures = 0
        if (this.#isPaused || this.#room === 0) await this.#changed.promise
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

  /** `count` is a limit for each stream: what is too much for now stays in the backlog. */
  async #readOnce(): Promise<void> {
    const count = Math.max(1, Math.floor(this.#room / this.#sources.length))
    this.#add(await this.#group.readNew(this.#reading, this.#sources, { count, blockMs }))
  }

  get #room(): number {
    return Math.max(0, this.#subscription.maxInFlight - this.#inFlight.size - this.#backlog.size)
  }

  #add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const handle = handleOf(entry)
      const isKnown = this.#inFlight.has(handle) || this.#backlog.has(handle) || this.#acknowledgements.has(handle)
      if (!isKnown) this.#backlog.add(entry)
    }
    this.#pump()
  }

  /** Hands over what there is room for, and comes again when something falls due. */
  #pump(): void {
    const now = performance.now()
    while (!this.#isEnded && !this.#isPaused && this.#inFlight.size < this.#subscription.maxInFlight) {
      const entry = this.#backlog.take(now)
      if (entry === undefined) break
      this.#deliver(entry)
    }
    clearTimeout(this.#due)
    const dueAt = this.#backlog.nextDueAt(now)
    if (dueAt !== undefined && !this.#isEnded) this.#due = setTimeout(() => this.#pump(), Math.ceil(dueAt - now))
    this.#change()
  }

  #deliver(entry: Entry): void {
    const lost = new AbortController()
    const { raw, message, stream, topic, id, deliveryCount } = entry
    const source = { topic, partition: stream, position: id }
    const delivery: Delivery = {
      raw,
      source,
      deliveryCount,
      redelivered: deliveryCount > 1,
      signal: lost.signal,
      ...(message === undefined ? {} : { message }),
    }
    this.#inFlight.set(handleOf(entry), { entry, lost })
    const work = this.#disposition(delivery).then((disposition) => {
      this.#work.delete(work)
      this.#inFlight.delete(handleOf(entry))
      this.#settle(entry, lost.signal, disposition)
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
      const again = { ...entry, deliveryCount: entry.deliveryCount + 1 }
      this.#backlog.add(again, disposition.delayMs <= 0 ? 0 : performance.now() + disposition.delayMs)
    } else if (deadLetters === undefined) this.#acknowledgements.ack(entry)
    else this.#acknowledgements.bury(entry, deadLetters, disposition.reason)
  }

  /** Says that this consumer is alive, tells again what Redis could not be told, and looks for what others left. */
  async #onTick(): Promise<void> {
    if (this.#ticking) return
    this.#ticking = true
    const startedAt = performance.now()
    try {
      await this.#keep()
      this.#aliveAt = startedAt
      await this.#acknowledgements.flush()
      if (!this.#isEnded && !this.#isPaused) await this.#claim()
    } catch (error) {
      this.#report(plainError(error))
    } finally {
      this.#ticking = false
    }
    // By now another may have all of it.
    if (performance.now() - this.#aliveAt > this.#abandonedAfterMs) this.#lose(this.#inHand)
  }

  get #inHand(): readonly Entry[] {
    return [...[...this.#inFlight.values()].map(({ entry }) => entry), ...this.#backlog.entries]
  }

  async #keep(): Promise<void> {
    const byStream = Map.groupBy([...this.#inHand, ...this.#acknowledgements.entries], ({ stream }) => stream)
    for (const [stream, entries] of byStream) {
      const ids = entries.map(({ id }) => id)
      const lost = new Set(await this.#group.keep(stream, ids))
      // One that was acknowledged meanwhile is gone for another reason.
      this.#lose(entries.filter((entry) => lost.has(entry.id) && !this.#acknowledgements.has(handleOf(entry))))
    }
  }

  #lose(entries: readonly Entry[]): void {
    const handles = new Set(entries.map(handleOf))
    this.#backlog.remove(handles)
    for (const handle of handles) {
      this.#inFlight.get(handle)?.lost.abort(consumerError('Another consumer of the group has taken the delivery over'))
    }
  }

  /** Ends by itself: the group is gone, or we are no longer let in. */
  #fail(error: unknown): void {
    const failure = consumerError(`The subscription of '${this.#subscription.group}' has ended`, error)
    this.#closed.reject(failure)
    this.#end()
    this.#stopTimers()
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
    this.#ending.resolve()
    this.#change()
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #stopTimers(): void {
    clearInterval(this.#tick)
    clearTimeout(this.#due)
  }
}

/** Repeated after connecting anew, it will not pass by itself: the group is missing, or Redis refuses us. */
function isFinal(error: unknown): boolean {
  return WaybillError.isInstance(error) || (isReply(error) && !isOutage(error))
}
