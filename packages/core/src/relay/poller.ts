import type { WakeKind } from '../outbox/wakeups.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface PollerOptions {
  readonly runtime: Runtime
  readonly pollIntervalMs: number
  readonly idlePollIntervalMs: number
  readonly onDue: () => void
}

/**
 * A transaction that the caller commits himself ends soon after the enqueue, but only he knows when: claims at these
 * intervals, in milliseconds, look for it.
 */
const burst = [1, 2, 3, 5, 10, 20, 40, 80, 160, 320] as const

/**
 * Says when to claim: at once while there is more, at wakeups, when something falls due, and else at intervals that grow
 * from `pollIntervalMs` to `idlePollIntervalMs` while nothing is found.
 */
export class Poller {
  readonly #options: PollerOptions
  #due = true
  #intervalMs: number
  #dueAt = Number.POSITIVE_INFINITY
  #burstStep: number = burst.length
  #enqueuedDuringBurst = false
  #cancel: () => void = () => undefined
  #stopped = false

  constructor(options: PollerOptions) {
    this.#options = options
    this.#intervalMs = options.pollIntervalMs
  }

  get isDue(): boolean {
    return this.#due
  }

  get intervalMs(): number {
    return this.#intervalMs
  }

  /** A claim begins: what wakes from now on asks for another one. */
  claiming(): void {
    this.#due = false
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#cancel()
  }

  /** A claim has ended. `laterMs` are times at which something is known to fall due. */
  claimed(found: boolean, more: boolean, laterMs: readonly (number | null)[]): void {
    const { pollIntervalMs, idlePollIntervalMs } = this.#options
    if (more) {
      this.wake('committed')
      return
    }
    this.#intervalMs = found ? pollIntervalMs : Math.min(idlePollIntervalMs, this.#intervalMs * 2)
    if (found && this.#burstStep < burst.length) this.#burstStep = this.#enqueuedDuringBurst ? 1 : burst.length
    if (found) this.#enqueuedDuringBurst = false
    let next = this.#intervalMs
    for (const ms of laterMs) if (ms !== null) next = Math.min(next, ms)
    next = Math.min(next, burst[this.#burstStep++] ?? next)
    this.#arm(Math.ceil(next))
  }

  /** Something may be there. */
  wake(kind: WakeKind): void {
    if (this.#stopped) return
    if (kind === 'committed') {
      this.#due = true
      this.#cancel()
      this.#options.onDue()
      return
    }
    this.#intervalMs = this.#options.pollIntervalMs
    this.#enqueuedDuringBurst = this.#burstStep < burst.length
    if (this.#enqueuedDuringBurst) return
    this.#burstStep = 1
    this.#arm(burst[0])
  }

  /** Nobody claims until the next {@link wake}: no timer keeps the process alive for it. */
  rest(): void {
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#cancel()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** The earlier of two times counts. */
  #arm(ms: number): void {
    const { runtime } = this.#options
    const dueAt = runtime.now() + ms
    if (this.#stopped || this.#due || dueAt >= this.#dueAt) return
    this.#cancel()
    this.#dueAt = dueAt
    this.#cancel = runtime.setTimeout(() => this.wake('committed'), ms)
  }
}
