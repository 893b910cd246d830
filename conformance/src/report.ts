import type { RuleLevel } from './rule.ts'
import type { RuleResult, Skip } from './run-rule.ts'

/** What ran. */
export interface ReportSubject {
  readonly storage?: string
  readonly broker?: string
  /** Which rules: `storage`, `inbox`, `publisher`, `consumer`, `relay`, `effects`. */
  readonly contract: string
}

/** One line of a report: the rules of one level of one contract. */
export interface ReportResult extends ReportSubject {
  readonly level: RuleLevel
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly Skip[]
  readonly rules: readonly Pick<RuleResult, 'id' | 'result' | 'reason'>[]
}

/** What the kit says of an adapter, as it is committed and shown. It holds no times: the same adapter gives the same report. */
export interface Report {
  readonly versions: Readonly<Record<string, string>>
  readonly results: readonly ReportResult[]
}

const levels: readonly RuleLevel[] = ['required', 'provisional', 'stress', 'fault']

/** Sums up the results of one contract, level by level. */
export function summarize(subject: ReportSubject, results: readonly RuleResult[]): readonly ReportResult[] {
  return levels.flatMap((level) => {
    const own = results.filter((result) => result.level === level)
    if (own.length === 0) return []
    const skipped = own.filter((each) => each.result === 'skipped')
    return {
      ...subject,
      level,
      passed: own.filter((each) => each.result === 'passed').length,
      failed: own.filter((each) => each.result === 'failed').length,
      skipped: skipped.map((each) => ({ rule: each.id, reason: each.reason ?? '' })),
      rules: own.map(({ id, result, reason }) => ({ id, result, ...(reason === undefined ? {} : { reason }) })),
    }
  })
}
