import type { RelaySession, RelaySource } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface LeaseOptions {
  readonly source: Pick<RelaySource, 'renew'>
  readonly session: RelaySession
  readonly leaseMs: number
  /** Before the end of the lease, in which nothing may start. */
  readonly marginMs: number
  readonly runtime: Runtime
  readonly onLost: () => void
  readonly onError: (error: unknown) => void
}

/**
 * Renews a session's lease at a third of its time, and knows from the monotonic clock how old it is. Timers may be late and
 * processes may be stopped: only the age counts, measured from before the renewal was sent.
 */
export class Lease {
  readonly #options: LeaseOptions
  #startedAt: number
  #cancel: () => void = () => undefined
  #ended = false

  /** @param startedAt - Monotonic time from before the session was opened. */
  constructor(options: LeaseOptions, startedAt: number) {
    this.#options = options
    this.#startedAt = startedAt
    this.#arm(options.leaseMs / 3)
  }

  /** Whether a publish call may start now. */
  get isSafe(): boolean {
    const { runtime, leaseMs, marginMs } = this.#options
    return !this.#ended && runtime.now() - this.#startedAt < leaseMs - marginMs
  }

  /** The lease was renewed by a call that was sent at `startedAt`. */
  renewedAt(startedAt: number): void {
    this.#startedAt = Math.max(this.#startedAt, startedAt)
  }

  /** Renews now. Answers whether the session still holds. */
  async renew(): Promise<boolean> {
    const startedAt = this.#options.runtime.now()
    const { held } = await this.#options.source.renew(this.#options.session)
    if (held) this.renewedAt(startedAt)
    else if (!this.#ended) this.#options.onLost()
    return held
  }

  stop(): void {
    this.#ended = true
    this.#cancel()
  }

  #arm(ms: number): void {
    if (!this.#ended) this.#cancel = this.#options.runtime.setTimeout(() => void this.#tick(), ms)
  }

  async #tick(): Promise<void> {
    const { leaseMs, onError } = this.#options
    try {
      if (await this.renew()) this.#arm(leaseMs / 3)
    } catch (error) {
      onError(error)
      this.#arm(leaseMs / 10)
    }
  }
}
