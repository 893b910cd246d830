import { WaybillError } from '../contracts/index.ts'
import { type Listener, TypedEvents } from '../events/typed-events.ts'
import { onWake } from '../outbox/wakeups.ts'
import type { RelayEvents } from './events.ts'
import { type RelayOptions, type ResolvedRelayOptions, resolveRelayOptions } from './options.ts'
import { Pipeline } from './pipeline.ts'
import { Poller } from './poller.ts'
import type { Ending } from './session-work.ts'

/** What a health check shows. Numbers of the outbox are those of the whole outbox, not of this relay. */
export interface RelayHealth {
  /** It is running and has a session. */
  readonly alive: boolean
  /** Milliseconds since the epoch, this process' clock; `null` before the first. */
  readonly lastPublishedAt: number | null
  /** `null` where the storage cannot count. */
  readonly pending: number | null
  readonly oldestPendingAgeMs: number | null
  /** Present interval between claims that find nothing. */
  readonly pollIntervalMs: number
  /** Lanes that this relay owns; `null` where the storage has none. */
  readonly lanes: number | null
}

/** What a drain did. */
export interface DrainCounts {
  readonly published: number
  readonly retried: number
  readonly dead: number
}

const firstPauseMs = 100
const lastPauseMs = 30_000

/**
 * Publishes the messages of an outbox: claims them in order, hands them to the broker, settles what became of them. Run as
 * many as you like, in any process: they share the work by lanes and take over from each other.
 *
 * Errors that may pass are reported as `error` events and tried again. One that cannot pass (a stale schema, an adapter of
 * another version) ends the relay: {@link Relay.closed} rejects with it.
 *
 * @example
 * const relay = new Relay({ storage, publisher })
 * await relay.start()
 * process.once('SIGTERM', () => void relay.stop())
 */
export class Relay implements AsyncDisposable {
  readonly #options: ResolvedRelayOptions
  readonly #events: TypedEvents<RelayEvents> = new TypedEvents('Waybill relay')
  readonly #poller: Poller
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  #pipeline: Pipeline | null = null
  #lanes: (() => number | null) | null = null
  #endPause: () => void = () => undefined
  #lastPublishedAt: number | null = null

  /** @throws ConfigurationError with every option that is wrong; SpecificationError for an adapter of another version. */
  constructor(options: RelayOptions) {
    this.#options = resolveRelayOptions(options)
    const { runtime, pollIntervalMs, idlePollIntervalMs } = this.#options
    const onDue = () => this.#pipeline?.wake()
    this.#poller = new Poller({ runtime, pollIntervalMs, idlePollIntervalMs, onDue })
    this.#events.on('published', () => {
      this.#lastPublishedAt = runtime.wallNow()
    })
    // Whoever does not wait for `closed` learns of the failure by the error event.
    this.#closed.promise.catch(() => undefined)
  }

  /** Resolves when the relay has stopped; rejects with the error that ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Listens to an event; answers how to stop listening. Errors without a listener are written to stderr. */
  on<Name extends keyof RelayEvents>(name: Name, listener: Listener<RelayEvents[Name]>): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Begins to relay, once the storage has let it join. Does nothing when `enabled` is false.
   *
   * @param options.signal - Stops the relay as {@link stop} does.
   * @throws what joining failed with, if it cannot pass; a database that cannot be reached is tried again instead.
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#begin()
    if (!this.#options.enabled) return
    const joined = Promise.withResolvers<void>()
    const run = this.#run(joined.resolve)
    run.then(this.#closed.resolve, this.#closed.reject)
    run.then(joined.resolve, (error: Error) => {
      this.#events.emit('error', error)
      joined.reject(error)
    })
    const stop = () => void this.stop().catch((error: unknown) => this.#report(error))
    options.signal?.addEventListener('abort', stop, { once: true })
    if (options.signal?.aborted) stop()
    await joined.promise
  }

  /**
   * Stops in good order: no new claims, then finishes or gives back what is in flight, frees its lanes and closes the
   * publisher. Safe to repeat.
   *
   * @throws WaybillError `SHUTDOWN_TIMEOUT` if that took longer than `shutdownTimeoutMs`; what was in flight is then
   *   recovered when the lease ends.
   */
  async stop(): Promise<void> {
    const wasRunning = this.#state === 'running' && this.#options.enabled
    if (this.#state === 'new' || (this.#state === 'running' && !wasRunning)) {
      this.#state = 'stopped'
      await this.#options.publisher.close()
      this.#closed.resolve()
    }
    if (wasRunning) {
      this.#state = 'stopping'
      this.#pipeline?.close()
      this.#endPause()
    }
    const { runtime, shutdownTimeoutMs } = this.#options
    const timedOut = Promise.withResolvers<'timed out'>()
    const cancel = runtime.setTimeout(() => timedOut.resolve('timed out'), shutdownTimeoutMs)
    const settled = this.#closed.promise.then(
      () => 'closed',
      () => 'closed',
    )
    const result = await Promise.race([settled, timedOut.promise])
    cancel()
    if (result === 'timed out') this.#abandon()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * Publishes everything that is due, then answers what it did: for tests and jobs, instead of {@link start}. Messages that
   * wait for their time, their retry or their topic are left. The relay can be drained again, or started, afterwards.
   *
   * @throws what ended it, for example `BROKER_UNAVAILABLE`.
   */
  async drain(): Promise<DrainCounts> {
    this.#begin()
    const counts = { published: 0, retried: 0, dead: 0 }
    const stopListening = [
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
    try {
      this.#poller.wake('committed')
      const ending = await this.#work(true)
      if (ending.type === 'failed') throw ending.error
      if (ending.type === 'broker-unavailable') {
        throw new WaybillError({ code: 'BROKER_UNAVAILABLE', message: ending.error.message, retryable: true })
      }
      return counts
    } finally {
      for (const stop of stopListening) stop()
      if (this.#state === 'running') this.#state = 'new'
    }
  }

  /** For health checks. Counts pending messages in the database. */
  async health(): Promise<RelayHealth> {
    const counts = await this.#options.storage.count?.()
    return {
      alive: this.#pipeline !== null && this.#state === 'running',
      lastPublishedAt: this.#lastPublishedAt,
      pending: counts?.pending ?? null,
      oldestPendingAgeMs: counts?.oldestPendingAgeMs ?? null,
      pollIntervalMs: this.#poller.intervalMs,
      lanes: this.#lanes?.() ?? null,
    }
  }

  #begin(): void {
    if (this.#state !== 'new') {
      const message = `The relay is ${this.#state}: a relay runs once; make a new one`
      throw new WaybillError({ code: 'NOT_RUNNING', message, retryable: false })
    }
    this.#state = 'running'
  }

  /** Session after session until it is stopped or cannot go on. */
  async #run(onJoined: () => void): Promise<void> {
    const { storage, publisher } = this.#options
    const stopWaking = onWake(storage, (kind) => this.#poller.wake(kind))
    const wakeups = await this.#subscribe()
    const stopReadiness = publisher.readiness?.onChange(() => this.#endPause())
    try {
      let pauseMs = firstPauseMs
      while (this.#state === 'running') {
        const publishedBefore = this.#lastPublishedAt
        const ending = await this.#work(false, onJoined)
        if (ending.type === 'failed') throw ending.error
        if (ending.type !== 'broker-unavailable') continue
        if (this.#lastPublishedAt !== publishedBefore) pauseMs = firstPauseMs
        this.#events.emit('brokerUnavailable', { error: ending.error, retryInMs: pauseMs })
        await this.#pause(pauseMs)
        pauseMs = Math.min(lastPauseMs, pauseMs * 2)
      }
    } finally {
      this.#poller.stop()
      stopWaking()
      stopReadiness?.()
      await wakeups?.[Symbol.asyncDispose]()
      await publisher.close()
      this.#state = 'stopped'
    }
  }

  /** One session, from joining to leaving. */
  async #work(endWhenDrained: boolean, onJoined: () => void = () => undefined): Promise<Ending> {
    const { storage, label, leaseMs } = this.#options
    const joining = await this.#join(() => storage.join({ label, leaseMs }))
    if (joining === null) return { type: 'closed' }
    const { session, joinedAt } = joining
    this.#lanes = () => session.lanes?.size ?? null
    this.#events.emit('joined', { session: session.id })
    const pipeline = new Pipeline({
      options: this.#options,
      session,
      joinedAt,
      poller: this.#poller,
      events: this.#events,
      endWhenDrained,
    })
    this.#pipeline = pipeline
    if (this.#state !== 'running') pipeline.close()
    this.#poller.wake('committed')
    onJoined()
    const ending = await pipeline.run()
    this.#pipeline = null
    this.#lanes = null
    if (ending.type === 'lost') this.#events.emit('leaseLost', { session: session.id })
    else await storage.leave(session).catch((error: unknown) => this.#report(error))
    return ending
  }

  async #join<Session>(
    join: () => Promise<Session>,
  ): Promise<{ readonly session: Session; readonly joinedAt: number } | null> {
    let pauseMs = firstPauseMs
    while (this.#state === 'running') {
      const joinedAt = this.#options.runtime.now()
      try {
        return { session: await join(), joinedAt }
      } catch (error) {
        if (WaybillError.isInstance(error) && !error.retryable) throw error
        this.#report(error)
        await this.#pause(pauseMs)
        pauseMs = Math.min(lastPauseMs, pauseMs * 2)
      }
    }
    return null
  }

  async #subscribe(): Promise<AsyncDisposable | undefined> {
    try {
      return await this.#options.storage.wakeups?.subscribe(() => this.#poller.wake('committed'))
    } catch (error) {
      // Polling finds what wakeups would have told of, only later.
      this.#report(error)
      return undefined
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state !== 'running') return resolve()
      const cancel = this.#options.runtime.setTimeout(resolve, ms)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  #abandon(): never {
    this.#pipeline?.abandon()
    const { shutdownTimeoutMs } = this.#options
    const message = `Work was still in flight after ${shutdownTimeoutMs} ms; it is recovered when the lease ends`
    throw new WaybillError({ code: 'SHUTDOWN_TIMEOUT', message, retryable: false })
  }

  #report(error: unknown): void {
    this.#events.emit('error', error instanceof Error ? error : new Error(String(error), { cause: error }))
  }
}
