import type { Scheduler } from '../scheduler/scheduler.ts'

/** The clock of the database server: true time, unless somebody sets it. */
export class DatabaseClock {
  /** How often it has been set. */
  jumps = 0
  readonly #scheduler: Scheduler
  #offset = 0
  #latestBeforeJump = Number.NEGATIVE_INFINITY

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  readonly now = (): number => this.#scheduler.wallNow + this.#offset

  /** The latest time that it has ever shown. */
  get latest(): number {
    return Math.max(this.#latestBeforeJump, this.now())
  }

  jump(ms: number): void {
    this.jumps++
    this.#latestBeforeJump = this.latest
    this.#offset += ms
  }
}
