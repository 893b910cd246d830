import type { Random } from '../random.ts'
import type { Scheduler } from './scheduler.ts'

/** Something that an actor wants to do next. */
export interface Step {
  readonly label: string
  readonly run: () => void
}

/** Springs when the actor is about to take a step of this name: the step then waits, or never comes. */
export interface Trap {
  readonly step: string
  readonly spring: () => void
}

export interface ActorOptions {
  readonly name: string
  /** How often it comes to its turn, compared with others. @default 1 */
  readonly weight?: number
}

/** Time and chance as the simulated process has them. Has the shape of core's `Runtime`. */
export interface ActorRuntime {
  readonly now: () => number
  readonly wallNow: () => number
  readonly setTimeout: (callback: () => void, ms: number) => () => void
  readonly random: () => number
}

/**
 * A process of the simulated world. It does nothing between its steps, and the scheduler decides when each is taken: that
 * is all it takes to interleave actors, to stop one in the middle of anything, or to end it there for ever.
 */
export class Actor {
  readonly name: string
  readonly runtime: ActorRuntime
  readonly steps: Step[] = []
  weight: number
  trap: Trap | null = null
  #alive = true
  #frozen = false
  readonly #scheduler: Scheduler

  /** Use `scheduler.actor()`. */
  constructor(scheduler: Scheduler, options: ActorOptions, random: Random) {
    this.name = options.name
    this.weight = options.weight ?? 1
    this.#scheduler = scheduler
    const monotonicZero = random.integer(1_000_000)
    this.runtime = {
      now: () => scheduler.now + monotonicZero,
      wallNow: () => scheduler.wallNow,
      setTimeout: (callback, ms) => scheduler.startTimer(this, callback, ms),
      random: random.next,
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** Resolves when the scheduler takes this step; never if the actor is dead. */
  step(label: string): Promise<void> {
    return new Promise((resolve) => this.enqueue(label, resolve))
  }

  /** Resolves after `ms` of virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.startTimer(this, resolve, ms))
  }

  enqueue(label: string, run: () => void): void {
    if (!this.#alive) return
    this.steps.push({ label, run })
    this.#scheduler.hasSteps(this)
    if (this.trap !== null && (label === this.trap.step || label.startsWith(`${this.trap.step} `)))
      this.#spring(this.trap)
  }

  /** Nothing of it ever runs again: what it waits for never comes. */
  kill(): void {
    this.#alive = false
    this.steps.length = 0
  }

  /** Its steps and timers wait, its clocks go on: a stopped virtual machine, a long garbage collection. */
  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
  }

  #spring(trap: Trap): void {
    this.trap = null
    trap.spring()
  }
}
