import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'

interface WithWakeups {
  readonly wakeups?: { subscribe(wake: () => void): Promise<AsyncDisposable> }
}

/** Hints that storages give of commits by other processes: some come, sooner or later. */
export class Wakeups {
  readonly #random: Random
  readonly #enabled: boolean
  readonly #wakes = new Map<Actor, () => void>()

  constructor(enabled: boolean, random: Random) {
    this.#enabled = enabled
    this.#random = random
  }

  /** What a storage has more, if it gives hints. */
  of(actor: Actor): WithWakeups {
    if (!this.#enabled) return {}
    return {
      wakeups: {
        subscribe: async (wake) => {
          this.#wakes.set(actor, wake)
          return { [Symbol.asyncDispose]: async () => void this.#wakes.delete(actor) }
        },
      },
    }
  }

  committed(): void {
    for (const [actor, wake] of this.#wakes) {
      if (!actor.alive) this.#wakes.delete(actor)
      else if (this.#random.chance(0.7)) actor.enqueue('wakeup', wake)
    }
  }
}
