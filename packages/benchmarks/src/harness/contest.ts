import { median, shuffled } from './statistics.ts'

/** One way to do some work. */
export interface Contender {
  readonly name: string
  /** Prepares, works, cleans up; answers the figure of the work alone, for example messages a second. */
  sample(): Promise<number>
}

export interface ContestOptions {
  readonly rounds: number
  /** For samples that take long, in processes of their own. @default true */
  readonly warmUp?: boolean
  readonly progress: (text: string) => void
}

/** What the contenders reached, by round. */
export class Contest {
  readonly #samples: ReadonlyMap<string, readonly number[]>

  constructor(samples: ReadonlyMap<string, readonly number[]>) {
    this.#samples = samples
  }

  has(name: string): boolean {
    return this.#samples.has(name)
  }

  /** Median over the rounds. */
  median(name: string): number {
    return median(this.#of(name))
  }

  /** Median of the ratios within each round: what disturbs the machine disturbs both. */
  ratio(name: string, against: string): number {
    return this.#compared(name, against, (figure, other) => figure / other)
  }

  /** Median of the differences within each round. */
  difference(name: string, against: string): number {
    return this.#compared(name, against, (figure, other) => figure - other)
  }

  /** The largest over the rounds, for what must never happen. */
  largest(name: string): number {
    return Math.max(...this.#of(name))
  }

  #compared(name: string, against: string, compare: (figure: number, other: number) => number): number {
    const others = this.#of(against)
    return median(this.#of(name).map((figure, round) => compare(figure, others[round] ?? Number.NaN)))
  }

  #of(name: string): readonly number[] {
    const samples = this.#samples.get(name)
    if (samples === undefined) throw new RangeError(`There is no contender '${name}'`)
    return samples
  }
}

/** Lets contenders work in turn, in another order each round. Unless it is switched off, a first round warms up and does not count. */
export async function contest(contenders: readonly Contender[], options: ContestOptions): Promise<Contest> {
  const { rounds, progress, warmUp = true } = options
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const { name, sample } of shuffled(contenders)) {
      progress(`${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}: ${name}`)
      const figure = await sample()
      if (round > 0) samples.get(name)?.push(figure)
    }
  }
  return new Contest(samples)
}
