/** One part of `npm test`. */
export interface Stage {
  /** The word for `--only`. */
  readonly name: string
  /** What it does, for the progress lines. */
  readonly title: string
  /**
   * Does it. `progress` is shown now and then, when it takes long; `announce` at once: for what people must know before it
   * happens.
   */
  run(progress: (line: string) => void, announce: (line: string) => void): Promise<StageResult>
}

/** What a stage found. A stage that is no test runner counts each of its checks as one test. */
export interface StageResult {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly Skip[]
  /** What failed, a line each, so that the end of the run names it. A stage that does not say is named itself. */
  readonly failures?: readonly string[]
  /** What the summary says beside the totals, for example on which servers tests ran. */
  readonly notes?: readonly string[]
  /** Shown only when something failed. */
  readonly output: string
}

/** Something that did not run. */
export interface Skip {
  readonly name: string
  readonly reason: string
}

/** The result of a stage that is a single check. */
export function singleCheck(ok: boolean, output: string): StageResult {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [], output }
}

/** Adds up results. */
export function total(results: readonly StageResult[]): StageResult {
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    failed: results.reduce((sum, result) => sum + result.failed, 0),
    skipped: results.flatMap((result) => result.skipped),
    failures: results.flatMap((result) => result.failures ?? []),
    notes: results.flatMap((result) => result.notes ?? []),
    output: results
      .filter((result) => result.failed > 0)
      .map((result) => result.output.trimEnd())
      .join('\n'),
  }
}
