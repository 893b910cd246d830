import { type Stage, type StageResult, singleCheck, total } from './stage.ts'

/** Where the run is told. */
export interface RunOptions {
  readonly print: (line: string) => void
  /** How often a stage that takes long says so. @default 20_000 */
  readonly heartbeatMs?: number
}

/** Runs the stages one after the other and tells the outcome of each; a stage that throws is a failure, not the end. */
export async function runStages(stages: readonly Stage[], options: RunOptions): Promise<StageResult> {
  const results: StageResult[] = []
  for (const [index, stage] of stages.entries()) {
    const prefix = `[${index + 1}/${stages.length}] ${stage.name}`
    options.print(`${prefix}: ${stage.title}`)
    const started = performance.now()
    const result = await runWithHeartbeat(stage, prefix, options)
    options.print(`${prefix}: ${describe(result)} in ${seconds(started)}`)
    if (result.failed > 0) options.print(indent(result.output))
    const failures = result.failed === 0 ? [] : (result.failures ?? [firstLine(result.output)])
    results.push({ ...result, failures: failures.map((failure) => `${stage.name}: ${failure}`) })
  }
  return total(results)
}

/**
 * The lines that end the run: notes, why things were skipped, what failed, then the one line with the totals. What failed
 * comes late, for whoever keeps only the end of a long log.
 */
export function summaryLines(result: StageResult): readonly string[] {
  const skips = result.skipped.map((skip) => `skipped: ${skip.name} (${skip.reason})`)
  return [
    ...(result.notes ?? []),
    ...skips,
    ...(result.failures ?? []).map((failure) => `FAILED: ${failure}`),
    `${result.passed} passed, ${result.failed} failed, ${result.skipped.length} skipped`,
  ]
}

async function runWithHeartbeat(stage: Stage, prefix: string, options: RunOptions): Promise<StageResult> {
  const started = performance.now()
  let latest = ''
  const heartbeat = setInterval(() => {
    options.print(`${prefix}: … ${seconds(started)}${latest === '' ? '' : `, ${latest}`}`)
  }, options.heartbeatMs ?? 20_000)
  try {
    const progress = (line: string): void => {
      latest = line.slice(0, 160)
    }
    return await stage.run(progress, (line) => options.print(`${prefix}: ${line}`))
  } catch (error) {
    return singleCheck(false, error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    clearInterval(heartbeat)
  }
}

function describe(result: StageResult): string {
  const parts = [`${result.passed} passed`]
  if (result.failed > 0) parts.push(`${result.failed} FAILED`)
  if (result.skipped.length > 0) parts.push(`${result.skipped.length} skipped`)
  return parts.join(', ')
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1).join('').slice(0, 200)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  | ${line}`)
    .join('\n')
}
