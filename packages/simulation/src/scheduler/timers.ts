import type { Actor } from './actor.ts'

export interface Timer {
  readonly at: number
  readonly actor: Actor
  readonly label: string
  readonly callback: () => void
  cancelled: boolean
}

/** Timers in the order in which they fall due; those of one moment in the order in which they were set. */
export class Timers {
  readonly #timers: Timer[] = []

  add(timer: Timer): void {
    let index = this.#timers.length
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) > timer.at) index--
    this.#timers.splice(index, 0, timer)
  }

  /** When the next one falls due that has not been cancelled; `null` if there is none. */
  get nextAt(): number | null {
    this.#dropCancelled()
    return this.#timers[0]?.at ?? null
  }

  takeDue(now: number): Timer | null {
    this.#dropCancelled()
    const first = this.#timers[0]
    if (first === undefined || first.at > now) return null
    this.#timers.shift()
    return first
  }

  #dropCancelled(): void {
    while (this.#timers[0]?.cancelled || this.#timers[0]?.actor.alive === false) this.#timers.shift()
  }
}
