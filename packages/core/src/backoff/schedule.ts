import { ConfigurationError } from '../contracts/index.ts'
import { applyJitter } from './apply-jitter.ts'
import { integerProblems, jitterProblems } from './problems.ts'
import type { Jitter, RetryPolicy } from './retry-policy.ts'

export interface ScheduleOptions {
  /** Attempts altogether, the first one included. @default 5 */
  readonly maxAttempts?: number
  /** @default 'none' */
  readonly jitter?: Jitter
}

/** 5 s, 15 s, 1 min, 5 min, 15 min. */
const usualDelays: readonly number[] = [5_000, 15_000, 60_000, 300_000, 900_000]

/**
 * Delays one by one: the first after the first failed attempt, and so on. The last one is used for all later attempts.
 *
 * @param delaysMs - In milliseconds, at least one. By default 5 s, 15 s, 1 min, 5 min, 15 min.
 * @throws {@link ConfigurationError} with all problems at once.
 */
export function schedule(delaysMs: readonly number[] = usualDelays, options: ScheduleOptions = {}): RetryPolicy {
  const { maxAttempts = 5, jitter = 'none' } = options
  const delays = [...delaysMs]
  const problems = [
    ...delays.flatMap((delay, index) => integerProblems(`delaysMs[${index}]`, delay, 0)),
    ...integerProblems('maxAttempts', maxAttempts, 1),
    ...jitterProblems(jitter),
  ]
  if (delays.length === 0) problems.push({ option: 'delaysMs', value: delaysMs, rule: 'must hold at least one delay' })
  if (problems.length > 0) throw new ConfigurationError('schedule', problems)
  return {
    maxAttempts,
    delayMs(attempt, random) {
      const index = Math.min(Math.max(0, attempt - 1), delays.length - 1)
      return applyJitter(jitter, delays[index] ?? 0, random)
    },
  }
}
