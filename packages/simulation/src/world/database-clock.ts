import type { Scheduler } from '../scheduler/scheduler.ts'

/** The clock of the database server: true time, unless somebody sets it. */
export class DatabaseClock {
  /** How often it has been set. */
  jumps = 0
  readonly #scheduler: Scheduler
  #offset = 0
  #setBackBy = 0
  #latestBeforeJump = Number.NEGATIVE_INFINITY

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  readonly now = (): number => this.#scheduler.wallNow + this.#offset

  /** The latest time that it has ever shown. */
  get latest(): number {
    return Math.max(this.#latestBeforeJump, this.now())
  }

  /** What it would show if nobody had ever set it back. */
  get neverSetBack(): number {
    return this.now() + this.#setBackBy
  }

  jump(ms: number): void {
    this.jumps++
    this.#setBackBy += Math.max(0, -ms)
    this.#latestBeforeJump = this.latest
    this.#offset += ms
  }
}
