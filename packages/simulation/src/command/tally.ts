import type { ScheduleResult } from '../schedule.ts'

/** Shares of the schedules that must have what the simulation is for, or the run says little. */
export const leastShares = { crashed: 0.3, lanesMoved: 0.3, interleaved: 0.3 } as const
export const leastMedian = 50

export type Shares = Readonly<Record<keyof typeof leastShares, number>>

/** Below this many schedules shares are chance. */
const enoughForShares = 100

/** Adds up what workers report. */
export class Tally {
  readonly failed: ScheduleResult[] = []
  readonly #messages: number[] = []
  readonly #having = { crashed: 0, lanesMoved: 0, interleaved: 0 }
  #steps = 0

  add(result: ScheduleResult): void {
    if (result.violation !== null) this.failed.push(result)
    this.#messages.push(result.messages)
    this.#steps += result.steps
    for (const what of ['crashed', 'lanesMoved', 'interleaved'] as const) if (result[what]) this.#having[what]++
  }

  get schedules(): number {
    return this.#messages.length
  }

  get steps(): number {
    return this.#steps
  }

  get shares(): Shares {
    const share = (count: number) => (this.schedules === 0 ? 0 : Math.round((count / this.schedules) * 1000) / 1000)
    const { crashed, lanesMoved, interleaved } = this.#having
    return { crashed: share(crashed), lanesMoved: share(lanesMoved), interleaved: share(interleaved) }
  }

  get medianMessages(): number {
    return this.#messages.toSorted((left, right) => left - right)[Math.floor(this.schedules / 2)] ?? 0
  }

  /** What the schedules had too little of. */
  get missed(): readonly string[] {
    if (this.schedules < enoughForShares) return []
    const { shares } = this
    const missed = (['crashed', 'lanesMoved', 'interleaved'] as const)
      .filter((what) => shares[what] < leastShares[what])
      .map((what) => `${what}: ${shares[what]}, at least ${leastShares[what]}`)
    if (this.medianMessages < leastMedian)
      missed.push(`median messages: ${this.medianMessages}, at least ${leastMedian}`)
    return missed
  }
}
