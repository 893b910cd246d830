import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report, ReportResult } from '@waybill/conformance'
import { workspaceRoot } from '../workspace.ts'

/** A report as it is committed, with the name of its file. */
export interface StoredReport extends Report {
  readonly file: string
}

/** The reports in docs/conformance, by the names of their files. */
export function storedReports(): readonly StoredReport[] {
  return globSync('docs/conformance/*.json', { cwd: workspaceRoot })
    .toSorted()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(join(workspaceRoot, file), 'utf8')) as Report) }))
}

/** Rules that the suites have and the report has not, or the other way about: it is of another version of them. */
export function staleRules({ results }: Report, suites: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  return [...Map.groupBy(results, ({ contract }) => contract)].flatMap(([contract, own]) => {
    const reported = new Set(own.flatMap(({ rules }) => rules.map(({ id }) => id)))
    return [...reported.symmetricDifference(suites.get(contract) ?? new Set<string>())]
  })
}

/** Results of one subject and contract, added up over the levels. */
export interface Score {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function score(results: readonly ReportResult[]): Score {
  const binding = results.filter(({ level }) => level !== 'provisional')
  const sum = (count: (result: ReportResult) => number) => binding.reduce((total, each) => total + count(each), 0)
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped.length),
  }
}
