import { setTimeout as wait } from 'node:timers/promises'
import type { Broker } from '../broker/broker.ts'
import type { Random } from '../random.ts'
import type { History } from './history.ts'
import { planSabotage, type SabotagePlan, type Trick } from './sabotage-plan.ts'
import type { AnySlot } from './slot.ts'

export interface SaboteurOptions {
  readonly plan: SabotagePlan
  readonly relays: readonly AnySlot[]
  readonly consumers: readonly AnySlot[]
  readonly broker: Broker
  readonly history: History
  readonly leaseMs: number
  readonly random: Random
  /** Messages that have committed so far. */
  progress(): number
}

const lookEveryMs = 10
/** Between two deeds, once there is nothing left to wait for. */
const longestGapMs = 150

/** Does to relays, consumers and the broker what the plan says, spread over the run by the number of messages that have committed. */
export class Saboteur {
  readonly #options: SaboteurOptions
  readonly #tricks: readonly Trick[]
  readonly #pauses = new Set<Promise<void>>()
  /** Processes are killed and frozen also while the broker is away. */
  #restarting: Promise<void> = Promise.resolve()
  #done = 0

  constructor(options: SaboteurOptions) {
    this.#options = options
    const { plan, random, relays, consumers } = options
    this.#tricks = planSabotage(plan, { random, relays: relays.length, consumers: consumers.length })
  }

  get done(): number {
    return this.#done
  }

  get planned(): number {
    return this.#tricks.length
  }

  /** Resolves when all is done, nobody is frozen any more, and the broker is there. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, plan, progress } = this.#options
    for (const trick of this.#tricks) {
      while (progress() < trick.moment) await wait(lookEveryMs, undefined, { signal })
      await this.#doIt(trick, signal)
      this.#done++
      if (progress() >= plan.messages) await wait(random.below(longestGapMs), undefined, { signal })
    }
    await Promise.all([...this.#pauses, this.#restarting])
  }

  async #doIt({ deed, to }: Trick, signal: AbortSignal): Promise<void> {
    const { random, leaseMs, relays, consumers } = this.#options
    if (to === 'broker') {
      await this.#restarting
      this.#restarting = this.#restartBroker()
      // It is waited for later.
      this.#restarting.catch(() => undefined)
      return
    }
    const slots = to === 'relay' ? relays : consumers
    const slot = await this.#victim(slots, deed === 'kill' ? 'isAlive' : 'isReady', signal)
    if (deed === 'kill') slot.kill()
    if (deed === 'leave') slot.leave()
    if (deed !== 'pause') return
    const pause = slot.freeze(random.between(leaseMs * 1.1, leaseMs * 2.5))
    this.#pauses.add(pause)
    void pause.then(() => this.#pauses.delete(pause))
  }

  async #restartBroker(): Promise<void> {
    const { broker, history } = this.#options
    await broker.restart()
    history.brokerRestarts++
  }

  async #victim(slots: readonly AnySlot[], suits: 'isAlive' | 'isReady', signal: AbortSignal): Promise<AnySlot> {
    for (;;) {
      const slot = this.#options.random.pick(slots.filter((candidate) => candidate[suits]))
      if (slot !== undefined) return slot
      await wait(lookEveryMs, undefined, { signal })
    }
  }
}
