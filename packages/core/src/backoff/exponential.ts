import { ConfigurationError } from '../contracts/index.ts'
import { applyJitter } from './apply-jitter.ts'
import { integerProblems, jitterProblems } from './problems.ts'
import type { Jitter, RetryPolicy } from './retry-policy.ts'

export interface ExponentialOptions {
  /** Delay after the first failed attempt, before jitter, in milliseconds. @default 1000 */
  readonly baseMs?: number
  /** Each delay is this many times the one before. At least 1. @default 2 */
  readonly factor?: number
  /** No delay is longer, in milliseconds. @default 300_000 */
  readonly maxMs?: number
  /** @default 'full' */
  readonly jitter?: Jitter
  /** Attempts altogether, the first one included. @default 20 */
  readonly maxAttempts?: number
}

/**
 * Delays that grow with every attempt. However many attempts there were, the delay stays between 0 and `maxMs`.
 *
 * @throws {@link ConfigurationError} with all problems at once.
 */
export function exponential(options: ExponentialOptions = {}): RetryPolicy {
  const { baseMs = 1000, factor = 2, maxMs = 300_000, jitter = 'full', maxAttempts = 20 } = options
  const problems = [
    ...integerProblems('baseMs', baseMs, 1),
    ...integerProblems('maxMs', maxMs, 1),
    ...integerProblems('maxAttempts', maxAttempts, 1),
    ...jitterProblems(jitter),
  ]
  if (!(factor >= 1 && factor < Number.POSITIVE_INFINITY)) {
    problems.push({ option: 'factor', value: factor, rule: 'must be a number of at least 1' })
  }
  if (maxMs < baseMs) problems.push({ option: 'maxMs', value: maxMs, rule: `must not be less than baseMs (${baseMs})` })
  if (problems.length > 0) throw new ConfigurationError('exponential', problems)
  return {
    maxAttempts,
    delayMs(attempt, random) {
      // Infinity is as good as any other number here: baseMs is at least 1, so the product is never NaN.
      const delay = Math.min(maxMs, baseMs * factor ** Math.max(0, attempt - 1))
      return applyJitter(jitter, delay, random)
    },
  }
}
