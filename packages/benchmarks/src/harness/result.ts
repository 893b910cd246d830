import { describeTarget, meets, type Target } from './target.ts'

/** One line of a benchmark's output. */
export interface BenchResult {
  readonly name: string
  /** Median of the rounds, in {@link unit}. */
  readonly rate: number
  readonly unit: string
  /** What it is compared with, or `null`. */
  readonly against: string | null
  /** Median of the same-round ratios to {@link against}. */
  readonly ratio: number | null
  readonly target: string | null
  readonly met: boolean | null
}

export interface Figure {
  readonly name: string
  readonly rate: number
  readonly unit: string
  readonly comparison?: { readonly against: string; readonly ratio: number }
  readonly target?: Target
}

/** Judges a figure by its target, before it is rounded for people. */
export function resultOf({ name, rate, unit, comparison, target }: Figure): BenchResult {
  const judged = target?.of === 'ratio' ? comparison?.ratio : rate
  return {
    name,
    rate: rounded(rate),
    unit,
    against: comparison?.against ?? null,
    ratio: comparison === undefined ? null : rounded(comparison.ratio),
    target: target === undefined ? null : describeTarget(target, unit),
    met: target === undefined || judged === undefined ? null : meets(target, judged),
  }
}

/** Three significant digits: more would be noise. */
function rounded(figure: number): number {
  return Number(figure.toPrecision(3))
}

/** For example `1,000,000`, in names of results: at a smaller scale they must say so. */
export function thousands(count: number): string {
  return count.toLocaleString('en')
}
