import type { History } from './history/history.ts'
import type { Scheduler } from './scheduler/scheduler.ts'
import { type Invariant, Violation } from './violation.ts'

/** Keeps the first violation: what is thrown into the middle of the code under test may be caught there. */
export class Referee {
  readonly history: History
  readonly #scheduler: Scheduler
  #violation: Violation | null = null

  constructor(history: History, scheduler: Scheduler) {
    this.history = history
    this.#scheduler = scheduler
  }

  get violation(): Violation | null {
    return this.#violation
  }

  /** Runs checks; what they throw ends the schedule after this step. */
  check(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.#keep(error)
    }
  }

  fail(invariant: Invariant, explanation: string): void {
    this.#keep(new Violation(invariant, explanation))
  }

  note(line: string): void {
    this.#scheduler.trace?.(`        ${line}`)
  }

  #keep(violation: Violation): void {
    this.note(`VIOLATION of ${violation.invariant}: ${violation.message}`)
    this.#violation ??= violation
  }
}
