/** When to try again, and how often. Pure: the same attempt and the same chance give the same delay. */
export interface RetryPolicy {
  /** Attempts altogether, the first one included. */
  readonly maxAttempts: number
  /**
   * How long to wait after a failed attempt, in milliseconds.
   *
   * @param attempt - Number of the attempt that failed; 1 for the first.
   * @param random - Answers a number in [0, 1).
   */
  delayMs(attempt: number, random: () => number): number
}

/**
 * How chance spreads retries, so that what failed together does not come back together: `full` draws from [0, delay],
 * `equal` from [delay / 2, delay], `none` takes the delay as it is.
 */
export type Jitter = 'full' | 'equal' | 'none'
