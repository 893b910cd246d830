import { AssertionError } from 'node:assert/strict'
import { setTimeout as pass, setImmediate as yieldToIo } from 'node:timers/promises'

/** A clock that a harness moves by hand: the database's, with everything that waits by it. */
export interface TimeControl {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves the clock on and runs what has fallen due. */
  advance(ms: number): void | Promise<void>
}

export interface PollOptions {
  /** How long to try, in milliseconds. @default 8000 */
  readonly withinMs?: number
}

/** Time between two looks, in milliseconds. */
const stepMs = 20
const defaultWithinMs = 8000

/**
 * How rules let time pass: the harness's virtual clock where it has one, the real clock otherwise. A rule never sleeps; it
 * looks again and again until what it waits for is there or the deadline has passed.
 */
export class Timeline {
  readonly #control: TimeControl | undefined
  readonly #timers: Set<{ readonly dueAt: number; readonly callback: () => void }> = new Set()

  /** Leases and waits take this many times as long as the rule says; its delays do not. */
  readonly pace: number
  #lastLook: number = performance.now()
  #longestGapMs = 0

  constructor(control?: TimeControl, pace = 1) {
    this.#control = control
    this.pace = pace
  }

  /** The longest time that passed between two looks, in milliseconds of real time: how long leases went unrenewed. */
  get longestGapMs(): number {
    this.#look()
    return this.#longestGapMs
  }

  /** The database's clock in milliseconds since the epoch; of real databases that of this host, so not to be trusted closely. */
  wallNow(): number {
    return this.#control?.now() ?? Date.now()
  }

  /** For durations, in milliseconds. */
  now(): number {
    return this.#control?.now() ?? performance.now()
  }

  /** Calls back once after `ms`, by the same clock; answers how to cancel that. For what runs beside the rule, as a relay does: it does not keep the process alive. */
  setTimeout(callback: () => void, ms: number): () => void {
    if (this.#control === undefined) {
      const handle = setTimeout(callback, ms).unref()
      return () => clearTimeout(handle)
    }
    const timer = { dueAt: this.#control.now() + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Looks until `probe` answers something, and fails with `what` at the deadline. The only place that waits for a change. */
  async eventually<T>(what: string, probe: () => Promise<T | undefined>, options: PollOptions = {}): Promise<T> {
    const withinMs = (options.withinMs ?? defaultWithinMs) * this.pace
    const start = this.now()
    for (;;) {
      const answer = await probe()
      if (answer !== undefined) return answer
      if (this.now() - start >= withinMs)
        throw new AssertionError({ message: `expected within ${withinMs} ms: ${what}` })
      await this.#step()
    }
  }

  /** Looks for `ms` long, at the beginning and the end too. `probe` throws when what must not happen has happened. */
  async throughout(ms: number, probe: () => Promise<void>): Promise<void> {
    const start = this.now()
    for (;;) {
      await probe()
      if (this.now() - start >= ms * this.pace) return
      await this.#step()
    }
  }

  /** What `promise` resolves to within `ms`; `undefined` if it has not resolved by then. */
  async within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    let answer: T | undefined
    const settled = promise.then((value) => {
      answer = value
    })
    const late = this.eventually('an answer', async () => answer, { withinMs: ms }).catch(() => undefined)
    await Promise.race([settled, late])
    return answer
  }

  async #step(): Promise<void> {
    this.#look()
    if (this.#control === undefined) await pass(stepMs)
    else await this.#advance(this.#control)
    await yieldToIo()
  }

  #look(): void {
    const now = performance.now()
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastLook)
    this.#lastLook = now
  }

  async #advance(control: TimeControl): Promise<void> {
    await control.advance(stepMs)
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= control.now())
    for (const timer of due.toSorted((left, right) => left.dueAt - right.dueAt)) {
      // One that fired before it may have cancelled it.
      if (this.#timers.delete(timer)) timer.callback()
    }
  }
}
