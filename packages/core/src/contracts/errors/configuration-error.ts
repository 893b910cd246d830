import { WaybillError } from './waybill-error.ts'

/** One option that breaks a rule. */
export interface ConfigurationProblem {
  /** Path of the option, for example `retry.baseMs`, or of the environment variable that set it. */
  readonly option: string
  /** What was given, fit to be shown; secrets are given as `[hidden]`. */
  readonly value: unknown
  /** The rule, for example `must be less than leaseMs (30000)`. */
  readonly rule: string
}

/** Options are wrong. Thrown at construction, with all problems at once. */
export class ConfigurationError extends WaybillError {
  readonly problems: readonly ConfigurationProblem[]

  constructor(subject: string, problems: readonly ConfigurationProblem[]) {
    const lines = problems.map((problem) => `${problem.option} = ${show(problem.value)}: ${problem.rule}`)
    super({ code: 'CONFIGURATION', message: `${subject}: ${lines.join('; ')}`, retryable: false })
    this.problems = problems
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return '[function]'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[array]' : '[object]'
  return String(value)
}
