import type { ConfigurationProblem } from '../contracts/index.ts'

const jitters: readonly unknown[] = ['full', 'equal', 'none']

/** Empty if `value` is an integer from `min` up. */
export function integerProblems(option: string, value: number, min: number): ConfigurationProblem[] {
  return Number.isSafeInteger(value) && value >= min
    ? []
    : [{ option, value, rule: `must be an integer of at least ${min}` }]
}

export function jitterProblems(value: unknown): ConfigurationProblem[] {
  return jitters.includes(value) ? [] : [{ option: 'jitter', value, rule: `must be one of ${jitters.join(', ')}` }]
}
