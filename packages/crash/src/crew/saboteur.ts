import { setTimeout as wait } from 'node:timers/promises'
import type { Broker } from '../broker/broker.ts'
import type { Random } from '../random.ts'
import type { History } from './history.ts'
import type { RelaySlot } from './relay-slot.ts'

export interface SabotagePlan {
  readonly kills: number
  readonly pauses: number
  readonly leaves: number
  readonly brokerRestarts: number
  readonly messages: number
}

export interface SaboteurOptions {
  readonly plan: SabotagePlan
  readonly slots: readonly RelaySlot[]
  readonly broker: Broker
  readonly history: History
  readonly leaseMs: number
  readonly random: Random
  /** Messages that have committed so far. */
  progress(): number
}

type Deed = 'kill' | 'pause' | 'leave' | 'restart'

const lookEveryMs = 10
/** Between two deeds, once there is nothing left to wait for. */
const longestGapMs = 150

/** Does to relays and the broker what the plan says, spread over the run by the number of messages that have committed. */
export class Saboteur {
  readonly #options: SaboteurOptions
  readonly #deeds: { readonly deed: Deed; readonly moment: number }[]
  readonly #pauses = new Set<Promise<void>>()
  #done = 0

  constructor(options: SaboteurOptions) {
    this.#options = options
    const { plan, random } = options
    const deeds: readonly Deed[] = [
      ...Array.from({ length: plan.kills }, (): Deed => 'kill'),
      ...Array.from({ length: plan.pauses }, (): Deed => 'pause'),
      ...Array.from({ length: plan.leaves }, (): Deed => 'leave'),
      ...Array.from({ length: plan.brokerRestarts }, (): Deed => 'restart'),
    ]
    this.#deeds = deeds.map((deed) => ({ deed, moment: random.below(Math.ceil(plan.messages * 0.95)) }))
    this.#deeds.sort((left, right) => left.moment - right.moment)
  }

  get done(): number {
    return this.#done
  }

  get planned(): number {
    return this.#deeds.length
  }

  /** Resolves when all is done and no relay is frozen any more. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, plan, progress } = this.#options
    for (const { deed, moment } of this.#deeds) {
      while (progress() < moment) await wait(lookEveryMs, undefined, { signal })
      await this.#doIt(deed, signal)
      this.#done++
      if (progress() >= plan.messages) await wait(random.below(longestGapMs), undefined, { signal })
    }
    await Promise.all(this.#pauses)
  }

  async #doIt(deed: Deed, signal: AbortSignal): Promise<void> {
    const { random, broker, history, leaseMs } = this.#options
    if (deed === 'restart') {
      await broker.restart()
      history.brokerRestarts++
      return
    }
    const slot = await this.#victim(signal, (candidate) => (deed === 'kill' ? candidate.isAlive : candidate.isReady))
    if (deed === 'kill') slot.kill()
    if (deed === 'leave') slot.leave()
    if (deed !== 'pause') return
    const pause = slot.freeze(random.between(leaseMs * 1.1, leaseMs * 2.5))
    this.#pauses.add(pause)
    void pause.then(() => this.#pauses.delete(pause))
  }

  async #victim(signal: AbortSignal, suits: (slot: RelaySlot) => boolean): Promise<RelaySlot> {
    const { slots, random } = this.#options
    for (;;) {
      const slot = random.pick(slots.filter(suits))
      if (slot !== undefined) return slot
      await wait(lookEveryMs, undefined, { signal })
    }
  }
}
