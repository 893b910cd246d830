import { type FailureSummary, type RelaySession, WaybillError } from '../contracts/index.ts'
import type { TypedEvents } from '../events/typed-events.ts'
import { onWake } from '../outbox/wakeups.ts'
import { asError } from './as-error.ts'
import type { RelayEvents } from './events.ts'
import type { ResolvedRelayOptions } from './options.ts'
import { Pipeline } from './pipeline.ts'
import { Poller } from './poller.ts'
import type { Ending } from './session-work.ts'

const firstPauseMs = 100
const lastPauseMs = 30_000
/** A connection that was lost, or a lock that somebody held, costs one; then the lease must end first. */
const leaveTries = 3

/** Joins, works, leaves and joins again, until it is closed or cannot go on. */
export class Sessions {
  readonly poller: Poller
  readonly #options: ResolvedRelayOptions
  readonly #events: TypedEvents<RelayEvents>
  #closed = false
  #session: RelaySession | null = null
  #pipeline: Pipeline | null = null
  #endPause: () => void = () => undefined
  #published = false

  constructor(options: ResolvedRelayOptions, events: TypedEvents<RelayEvents>) {
    this.#options = options
    this.#events = events
    const { runtime, pollIntervalMs, idlePollIntervalMs } = options
    this.poller = new Poller({ runtime, pollIntervalMs, idlePollIntervalMs, onDue: () => this.#pipeline?.wake() })
    events.on('published', () => {
      this.#published = true
    })
  }

  /** The session at work; `null` between sessions. */
  get current(): RelaySession | null {
    return this.#session
  }

  /** Ends in good order: {@link run} resolves when nothing is in flight. */
  close(): void {
    this.#closed = true
    this.#pipeline?.close()
    this.#endPause()
  }

  /** Ends without waiting for what does not come to an end. */
  abandon(): void {
    this.close()
    this.#pipeline?.abandon()
  }

  /** Session after session. `onJoined` is called at each. @throws what cannot pass. */
  async run(onJoined: () => void): Promise<void> {
    const { storage, publisher } = this.#options
    const stopWaking = onWake(storage, (kind) => this.poller.wake(kind))
    const stopReadiness = publisher.readiness?.onChange(() => this.#endPause())
    const wakeups = await this.#subscribe()
    try {
      let pauseMs = firstPauseMs
      while (!this.#closed) {
        this.#published = false
        const ending = await this.#work({ endWhenDrained: false, onJoined })
        if (ending.type === 'failed') throw ending.error
        if (ending.type !== 'broker-unavailable') continue
        pauseMs = this.#published ? firstPauseMs : pauseMs
        await this.#waitForBroker(ending.error, pauseMs)
        pauseMs = Math.min(lastPauseMs, pauseMs * 2)
      }
    } finally {
      this.poller.stop()
      stopWaking()
      stopReadiness?.()
      await wakeups?.[Symbol.asyncDispose]()
    }
  }

  /** Until nothing is due. Another relay may take over in between: what is left then is taken up by a new session. */
  async drain(): Promise<Ending> {
    let ending = await this.#work({ endWhenDrained: true })
    while (ending.type === 'lost') ending = await this.#work({ endWhenDrained: true })
    return ending
  }

  /** One session, from joining to leaving. */
  async #work(how: { readonly endWhenDrained: boolean; readonly onJoined?: () => void }): Promise<Ending> {
    const joined = await this.#join(!how.endWhenDrained)
    if (joined === null) return { type: 'closed' }
    const { session, joinedAt } = joined
    const { poller } = this
    const setup = { options: this.#options, session, joinedAt, poller, events: this.#events }
    const pipeline = new Pipeline({ ...setup, endWhenDrained: how.endWhenDrained })
    this.#pipeline = pipeline
    this.#session = session
    if (this.#closed) pipeline.close()
    this.#events.emit('joined', { session: session.id })
    poller.wake('committed')
    how.onJoined?.()
    const ending = await pipeline.run()
    poller.rest()
    this.#pipeline = null
    this.#session = null
    if (ending.type !== 'lost') await this.#leave(session)
    return ending
  }

  async #join(triesAgain: boolean): Promise<{ readonly session: RelaySession; readonly joinedAt: number } | null> {
    const { storage, runtime, label, leaseMs } = this.#options
    for (let pauseMs = firstPauseMs; !this.#closed; pauseMs = Math.min(lastPauseMs, pauseMs * 2)) {
      const joinedAt = runtime.now()
      try {
        return { session: await storage.join({ label, leaseMs }), joinedAt }
      } catch (error) {
        if (!triesAgain || (WaybillError.isInstance(error) && !error.retryable)) throw error
        this.#report(error)
        await this.#pause(pauseMs)
      }
    }
    return null
  }

  /** What cannot be freed now is free when the lease ends. */
  async #leave(session: RelaySession): Promise<void> {
    for (let triesLeft = leaveTries - 1; ; triesLeft--) {
      try {
        return await this.#options.storage.leave(session)
      } catch (error) {
        this.#report(error)
        if (triesLeft === 0 || !(WaybillError.isInstance(error) && error.retryable)) return
      }
    }
  }

  /** Its lanes are with others meanwhile, who may reach the broker. */
  async #waitForBroker(error: FailureSummary, retryInMs: number): Promise<void> {
    this.#events.emit('brokerUnavailable', { error, retryInMs })
    await this.#pause(retryInMs)
  }

  /** Polling finds what wakeups would have told of, only later. */
  async #subscribe(): Promise<AsyncDisposable | undefined> {
    try {
      return await this.#options.storage.wakeups?.subscribe(() => this.poller.wake('committed'))
    } catch (error) {
      this.#report(error)
      return undefined
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) return
    const over = Promise.withResolvers<void>()
    const cancel = this.#options.runtime.setTimeout(over.resolve, ms)
    this.#endPause = over.resolve
    await over.promise
    cancel()
  }

  #report(error: unknown): void {
    this.#events.emit('error', asError(error))
  }
}
