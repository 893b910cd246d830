import { definitionOf } from '../catalogue/decode-payload.ts'
import type { AnyMessages, MessageTypes } from '../catalogue/define-messages.ts'
import {
  type ActiveSubscription,
  ConfigurationError,
  type Delivery,
  type Disposition,
  type Message,
  MessageError,
  orderingScope,
  WaybillError,
} from '../contracts/index.ts'
import { type Listener, TypedEvents } from '../events/typed-events.ts'
import { type GuardOutcome, Inbox } from '../inbox/inbox.ts'
import { checkOptions } from '../settings/check-options.ts'
import { linkSharedAbort } from './abort.ts'
import { attemptMessage } from './attempt.ts'
import { giveUp, graveOf } from './bury.ts'
import { type ConsumerEvents, eventNames } from './consumer-events.ts'
import { type ConsumerOptions, type ResolvedConsumerOptions, resolveConsumerOptions } from './consumer-options.ts'
import { deliverMessage, noHandler } from './deliver.ts'
import type { DeliveryTerms } from './delivery-terms.ts'
import { type Handler, type Middleware, wrapHandler } from './handler.ts'
import { KeyQueue } from './key-queue.ts'
import { goRound, pause } from './pause.ts'
import { redriveLetters } from './redrive-letters.ts'
import { checkRetention, pruneReceipts } from './retention.ts'
import { Slots } from './slots.ts'

/** What `on` takes for a name: a listener for an event, a handler for a type of message. */
export type ConsumerCallback<
  Tx,
  Types extends MessageTypes,
  Name extends PropertyKey,
  Outgoing extends MessageTypes = never,
> = [Name] extends [keyof ConsumerEvents]
  ? Listener<ConsumerEvents[Name]>
  : Handler<Tx, Types[Name & keyof Types]['output'], Outgoing>

/**
 * Takes messages from a broker and lets each take effect once: receipt, handler and commit are one transaction, and only
 * then is the message acknowledged.
 *
 * Messages of one key are handled one after the other, in the broker's order. One that fails is tried again in this process
 * and holds back its key meanwhile, no other; after `retry.maxAttempts`, or at once if it can never work, it is a dead letter.
 * Dead letters of the inbox that were redriven are handled by whichever process of the consumer sees them first, in the turn of
 * their key, in one transaction with their removal.
 *
 * A message whose handler seems to end its process runs alone in it, and is a dead letter after `maxCrashes`.
 *
 * @example
 * ```ts
 * const consumer = new Consumer({ name: 'billing', source, inbox, messages })
 * consumer.on('order.placed', async (message, { tx }) => {
 *   await tx.insertInto('invoices').values({ order_id: message.payload.orderId }).execute()
 * })
 * await consumer.start()
 * ```
 */
export class Consumer<Tx, Types extends MessageTypes = AnyMessages, Outgoing extends MessageTypes = never>
  implements AsyncDisposable
{
  readonly #options: ResolvedConsumerOptions<Tx>
  readonly #terms: DeliveryTerms<Tx>
  readonly #handlers = new Map<string, Handler<Tx, never>>()
  readonly #middleware: Middleware<Tx>[] = []
  readonly #events = new TypedEvents<ConsumerEvents>('Waybill consumer')
  readonly #keys = new KeyQueue()
  readonly #drain = new AbortController()
  readonly #halt = new AbortController()
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #inHand = new Set<Promise<Disposition>>()
  #background: readonly Promise<void>[] = []
  #subscribing: Promise<ActiveSubscription> | undefined
  #stopping: Promise<void> | undefined
  #failure: Error | undefined

  /** @throws {@link ConfigurationError} with all problems at once, `SpecificationError`. */
  constructor(options: ConsumerOptions<Tx, Types, Outgoing>) {
    this.#options = resolveConsumerOptions<Tx>(options)
    const { name, inbox, dedupKey, concurrency } = this.#options
    this.#terms = {
      options: this.#options,
      inbox: new Inbox({ inbox, consumer: name, ...(dedupKey && { dedupKey }) }),
      handlers: this.#handlers,
      middleware: this.#middleware,
      events: this.#events,
      slots: new Slots(concurrency),
      contended: new Map(),
      overdue: new Set(),
      grave: graveOf(this.#options, this.#events),
      draining: this.#drain.signal,
      halted: this.#halt.signal,
    }
    // Whoever does not wait for `closed` learns of the failure by the error event.
    this.#closed.promise.catch(() => undefined)
  }

  /** Resolves when the consumer has stopped; rejects with the error that ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /**
   * With the name of an event: listens to it. Errors without a listener are written to stderr.
   *
   * With a type of message: handles its messages, from {@link start} on; a type has one handler.
   *
   * Answers how to stop that.
   *
   * @throws {@link ConfigurationError} if the type has a handler already; {@link MessageError} `UNKNOWN_TYPE`.
   */
  on<Name extends keyof ConsumerEvents | (keyof Types & string)>(
    name: Name,
    callback: ConsumerCallback<Tx, Types, Name, Outgoing>,
  ): () => void {
    if (eventNames.includes(name)) return this.#events.on(name as keyof ConsumerEvents, callback as Listener<unknown>)
    if (this.#options.messages !== undefined) definitionOf(this.#options.messages, name)
    if (this.#handlers.has(name)) {
      const rule = 'has a handler already: a type has one per consumer'
      throw new ConfigurationError('Consumer.on', [{ option: 'type', value: name, rule }])
    }
    this.#handlers.set(name, callback as unknown as Handler<Tx, never>)
    return () => {
      this.#handlers.delete(name)
    }
  }

  /** Puts something around all handlers, inside the transaction; what is given first is outermost. */
  use(middleware: Middleware<Tx, Outgoing>): this {
    this.#middleware.push(middleware as Middleware<Tx>)
    return this
  }

  /**
   * Begins to take messages, to handle dead letters that come back, and to prune receipts.
   *
   * @param options.signal - Stops the consumer as {@link stop} does.
   * @throws {@link ConfigurationError} if there is nothing to take, or receipts are kept for less long than the broker may
   *   deliver again (see `allowShortRetention`); {@link WaybillError} `NOT_RUNNING` if it ran before;
   *   what the broker says.
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#subscribing !== undefined || this.#stopping !== undefined) {
      const message = 'The consumer has been started or stopped before: it runs once, make a new one'
      throw new WaybillError({ code: 'NOT_RUNNING', message, retryable: false })
    }
    const { source, group, maxInFlight } = this.#options
    const topics = this.#topics()
    this.#subscribing = checkRetention(this.#terms, topics).then(() =>
      source.consume({ group, maxInFlight, topics }, (delivery) => this.#take(delivery)),
    )
    try {
      const { closed } = await this.#subscribing
      closed.then(
        () => this.#end(),
        (error: Error) => this.#end(error),
      )
    } catch (error) {
      this.#subscribing = undefined
      throw error
    }
    this.#background = this.#startBackground()
    options.signal?.addEventListener('abort', () => this.#end(), { once: true })
    if (options.signal?.aborted) this.#end()
  }

  /**
   * Stops in good order: begins nothing new, waits for running handlers up to `shutdownTimeoutMs`, aborts those that are left,
   * gives back what has not been handled, and closes the source. Safe to repeat.
   *
   * @throws {@link WaybillError} `SHUTDOWN_TIMEOUT` if the database or the broker did not let go in time.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * For tests: handles one message once, without a broker and without retries, as {@link start} would. Rejects with what the
   * handler threw, after the rollback.
   */
  async handle(message: Message): Promise<GuardOutcome | 'ignored'> {
    const handler = this.#handlers.get(message.type)
    if (handler !== undefined) {
      const wrapped = wrapHandler(handler, this.#middleware)
      const input = { message, handler: wrapped, attempt: 1, signal: this.#halt.signal }
      const attempt = () => attemptMessage(this.#options, this.#terms.inbox, input)
      const outcome = await this.#keys.run(orderingScope(message), attempt)
      return outcome === 'processed' ? outcome : 'duplicate'
    }
    if (this.#options.unknownType === 'ignore') return 'ignored'
    throw noHandler(message.type)
  }

  async #take(delivery: Delivery): Promise<Disposition> {
    const { message, signal, redelivered } = delivery
    const job = message && { message, origin: delivery, signal, suspect: redelivered }
    const work =
      job === undefined
        ? this.#buryUnread(delivery)
        : this.#keys.run(orderingScope(job.message), () => deliverMessage(this.#terms, job))
    this.#inHand.add(work)
    try {
      return await work
    } finally {
      this.#inHand.delete(work)
    }
  }

  async #buryUnread(delivery: Delivery): Promise<Disposition> {
    const text = `What came from '${delivery.source.topic}' is no message of Waybill: it has no id, no type or no readable schema version`
    const error = new MessageError('PAYLOAD_UNREADABLE', text)
    const ending = linkSharedAbort(delivery.signal, this.#drain.signal)
    const doomed = { origin: delivery, ending: ending.signal }
    try {
      return await giveUp(this.#terms, doomed, { error, reason: 'unreadable', attempts: 0 })
    } finally {
      ending.unlink()
    }
  }

  #startBackground(): readonly Promise<void>[] {
    const { runtime, deadLetters, redriveIntervalMs, pruneIntervalMs } = this.#options
    const { signal } = this.#drain
    const rounds: Promise<void>[] = []
    if (deadLetters === 'inbox' && redriveIntervalMs > 0) {
      rounds.push(goRound(runtime, signal, () => redriveLetters(this.#terms, this.#keys)))
    }
    if (pruneIntervalMs > 0) {
      // Processes that were started together need not prune together.
      const first = pause(runtime, runtime.random() * pruneIntervalMs, signal)
      rounds.push(first.then(() => goRound(runtime, signal, () => pruneReceipts(this.#terms))))
    }
    return rounds
  }

  #topics(): readonly string[] {
    const types = [...this.#handlers.keys()]
    const { messages, topics = messages && types.map((type) => definitionOf(messages, type).topic) } = this.#options
    checkOptions('Consumer.start', (check) => {
      const rule = 'must be given where there is no catalogue'
      check.that(topics !== undefined && topics.length > 0, { option: 'topics', value: topics, rule })
      check.that(types.length > 0, { option: 'handlers', value: 0, rule: 'must be registered with `on` before start' })
    })
    return [...new Set(topics)]
  }

  #end(failure?: Error): void {
    this.#failure ??= failure
    if (failure !== undefined) this.#events.emit('error', failure)
    this.stop().catch((error: Error) => this.#events.emit('error', error))
  }

  async #stop(): Promise<void> {
    const { runtime, shutdownTimeoutMs } = this.#options
    const timedOut = Promise.withResolvers<never>()
    const late = `after ${shutdownTimeoutMs} ms`
    const cancelHalt = runtime.setTimeout(() => {
      const error = shutdownError(`${this.#inHand.size} messages were still in hand ${late}: they are rolled back`)
      if (this.#inHand.size > 0) this.#events.emit('error', error)
      this.#halt.abort(error)
    }, shutdownTimeoutMs)
    const cancelTimeout = runtime.setTimeout(() => {
      timedOut.reject(shutdownError(`The database or the broker did not let go of the consumer ${late} and some`))
    }, shutdownTimeoutMs + graceMs)
    try {
      this.#drain.abort()
      await Promise.race([this.#close(), timedOut.promise])
      if (this.#failure === undefined) this.#closed.resolve()
      else this.#closed.reject(this.#failure)
    } catch (error) {
      this.#closed.reject(this.#failure ?? error)
      throw error
    } finally {
      cancelHalt()
      cancelTimeout()
    }
  }

  async #close(): Promise<void> {
    const subscription = await this.#subscribing?.catch(() => undefined)
    subscription?.pause()
    await Promise.allSettled([...this.#inHand, ...this.#background])
    await subscription?.[Symbol.asyncDispose]()
    await this.#options.source.close()
    const { deadLetters } = this.#options
    if (typeof deadLetters === 'object') await deadLetters.publisher.close()
  }
}

/** For rolling back and for leaving the broker, once handlers have been aborted. */
const graceMs = 1000

const shutdownError = (message: string) => new WaybillError({ code: 'SHUTDOWN_TIMEOUT', message, retryable: false })
