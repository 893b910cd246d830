import type { BenchSettings } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'

export interface Versus {
  readonly name: string
  readonly way: Contender
  readonly against: Contender
  /** What the ratio has to reach. */
  readonly atLeast: number
}

/** Rates of a relay in trouble and of one that has none. */
export async function versus({ name, way, against, atLeast }: Versus, settings: BenchSettings): Promise<BenchResult[]> {
  const result = await contest([way, against], settings)
  return [
    resultOf({
      name,
      rate: result.median(way.name),
      unit: 'messages/s',
      comparison: { against: against.name, ratio: result.ratio(way.name, against.name) },
      target: { of: 'ratio', atLeast },
    }),
  ]
}
