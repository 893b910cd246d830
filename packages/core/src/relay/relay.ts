import { type FailureSummary, summarizeFailure, WaybillError } from '../contracts/index.ts'
import { type Listener, TypedEvents } from '../events/typed-events.ts'
import { asError } from './as-error.ts'
import { type RelayEvents, spokenEvents } from './events.ts'
import { type RelayOptions, type ResolvedRelayOptions, resolveRelayOptions } from './options.ts'
import { Sessions } from './sessions.ts'

/** What a health check shows. Numbers of the outbox are those of the whole outbox, not of this relay's lanes. */
export interface RelayHealth {
  /** It is running and has a session. */
  readonly alive: boolean
  /** Milliseconds since the epoch by this process' clock; `null` before the first. */
  readonly lastPublishedAt: number | null
  /** `null` where the storage cannot count, or cannot now: see {@link storageError}. */
  readonly pending: number | null
  readonly oldestPendingAgeMs: number | null
  /** Why the outbox could not be counted; `null` if nothing was wrong. */
  readonly storageError: FailureSummary | null
  /** Present interval between claims that find nothing. */
  readonly pollIntervalMs: number
  /** Lanes that this relay owns; `null` without a session, or where the storage has none. */
  readonly lanes: number | null
}

/** What a drain did. */
export interface DrainCounts {
  readonly published: number
  readonly retried: number
  readonly dead: number
}

/**
 * Publishes the messages of an outbox: claims them in order, hands them to the broker, settles what became of them. Run as
 * many as you like, in any process: they share the work by lanes and take over from each other.
 *
 * Errors that may pass are reported as `error` events and tried again. One that cannot pass (a stale schema, for example)
 * ends the relay: {@link Relay.closed} rejects with it.
 *
 * @example
 * const relay = new Relay({ storage, publisher })
 * await relay.start()
 * process.once('SIGTERM', () => void relay.stop())
 */
export class Relay implements AsyncDisposable {
  readonly #options: ResolvedRelayOptions
  readonly #events: TypedEvents<RelayEvents> = new TypedEvents('Waybill relay', spokenEvents)
  readonly #sessions: Sessions
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  #draining: Promise<unknown> = Promise.resolve()
  #state: 'new' | 'running' | 'draining' | 'stopped' = 'new'
  #lastPublishedAt: number | null = null

  /** @throws ConfigurationError with every option that is wrong; SpecificationError for an adapter of another version. */
  constructor(options: RelayOptions) {
    this.#options = resolveRelayOptions(options)
    this.#sessions = new Sessions(this.#options, this.#events)
    this.#events.on('published', () => {
      this.#lastPublishedAt = this.#options.runtime.wallNow()
    })
    // Whoever does not wait for `closed` learns of the failure by the error event.
    this.#closed.promise.catch(() => undefined)
  }

  /** Resolves when the relay has stopped; rejects with the error that ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Listens to an event; answers how to stop listening. What has gone wrong ({@link RelayEvents}) is written to stderr without one. */
  on<Name extends keyof RelayEvents>(name: Name, listener: Listener<RelayEvents[Name]>): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Begins to relay, and resolves when it has joined. A database that cannot be reached is tried until it can. Does nothing
   * when `enabled` is false.
   *
   * @param options.signal - Stops the relay as {@link stop} does.
   * @throws what joining failed with, if it cannot pass.
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#begin('running')
    const stop = () => void this.stop().catch((error: Error) => this.#events.emit('error', error))
    options.signal?.addEventListener('abort', stop, { once: true })
    void this.#closed.promise.catch(() => undefined).then(() => options.signal?.removeEventListener('abort', stop))
    if (!this.#options.enabled) {
      if (options.signal?.aborted) stop()
      return
    }
    const joined = Promise.withResolvers<void>()
    const run = this.#run(joined.resolve)
    run.then(joined.resolve, joined.reject)
    run.then(this.#closed.resolve, (error: Error) => {
      this.#events.emit('error', error)
      this.#closed.reject(error)
    })
    if (options.signal?.aborted) stop()
    await joined.promise
  }

  /**
   * Stops in good order: no new claims, then finishes or gives back what is in flight, frees its lanes and closes the
   * publisher. Safe to repeat.
   *
   * @throws WaybillError `SHUTDOWN_TIMEOUT` if that takes longer than `shutdownTimeoutMs`; what is in flight is then
   *   recovered when the lease ends.
   */
  async stop(): Promise<void> {
    if (this.#state === 'new' || this.#state === 'draining' || (this.#state === 'running' && !this.#options.enabled)) {
      this.#state = 'stopped'
      void this.#close()
    }
    this.#sessions.close()
    const { runtime, shutdownTimeoutMs } = this.#options
    const timedOut = Promise.withResolvers<'timed out'>()
    const cancel = runtime.setTimeout(() => timedOut.resolve('timed out'), shutdownTimeoutMs)
    const result = await Promise.race([Promise.allSettled([this.#closed.promise]), timedOut.promise])
    cancel()
    if (result !== 'timed out') return
    this.#sessions.abandon()
    const message = `Work was still in flight after ${shutdownTimeoutMs} ms; it is recovered when the lease ends`
    throw new WaybillError({ code: 'SHUTDOWN_TIMEOUT', message, retryable: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * Publishes everything that is due, then answers what it did: for tests and jobs, instead of {@link start}. Messages that
   * wait for their time, their retry or their topic are left. It can be called again.
   *
   * @throws what ended it, for example `BROKER_UNAVAILABLE`, or that the database could not be read: it is not tried again.
   */
  async drain(): Promise<DrainCounts> {
    this.#begin('draining')
    const counts = { published: 0, retried: 0, dead: 0 }
    const listening = [
      this.on('published', ({ messages }) => {
        counts.published += messages.length
      }),
      this.on('retry', () => {
        counts.retried++
      }),
      this.on('dead', () => {
        counts.dead++
      }),
    ]
    const work = this.#sessions.drain()
    this.#draining = work.catch(() => undefined)
    try {
      const ending = await work
      if (ending.type === 'failed') throw ending.error
      if (ending.type !== 'broker-unavailable') return counts
      throw new WaybillError({ code: 'BROKER_UNAVAILABLE', message: ending.error.message, retryable: true })
    } finally {
      for (const stopListening of listening) stopListening()
      if (this.#state === 'draining') this.#state = 'new'
    }
  }

  /** For health checks. Counts in the database; that this fails is part of the answer. */
  async health(): Promise<RelayHealth> {
    let storageError: FailureSummary | null = null
    const counts = await this.#options.storage.count?.().catch((error: unknown) => {
      storageError = summarizeFailure(asError(error))
    })
    const session = this.#sessions.current
    return {
      alive: session !== null,
      lastPublishedAt: this.#lastPublishedAt,
      pending: counts?.pending ?? null,
      oldestPendingAgeMs: counts?.oldestPendingAgeMs ?? null,
      storageError,
      pollIntervalMs: this.#sessions.poller.intervalMs,
      lanes: session?.lanes?.size ?? null,
    }
  }

  /** Without a run that does it at its end. A drain under way needs the publisher still. */
  async #close(): Promise<void> {
    try {
      await this.#draining
      await this.#options.publisher.close()
      this.#closed.resolve()
    } catch (error) {
      this.#events.emit('error', asError(error))
      this.#closed.reject(error)
    }
  }

  #begin(state: 'running' | 'draining'): void {
    if (this.#state !== 'new') {
      const message = `The relay is ${this.#state} already: a relay runs once, so make another one`
      throw new WaybillError({ code: 'NOT_RUNNING', message, retryable: false })
    }
    this.#state = state
  }

  async #run(onJoined: () => void): Promise<void> {
    try {
      await this.#sessions.run(onJoined)
    } finally {
      this.#state = 'stopped'
      await this.#options.publisher.close()
    }
  }
}
