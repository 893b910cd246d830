/**
 * Time and chance. The engine reads them from here alone, so that a simulation can replace both. Injecting another one is
 * meant for tests.
 */
export interface Runtime {
  /** Monotonic clock, in milliseconds. Its zero means nothing. */
  readonly now: () => number
  /** Wall clock, in milliseconds since the epoch. Nothing is decided by it. */
  readonly wallNow: () => number
  /**
   * Calls `callback` once, not before `ms` have passed. Answers how to cancel it. Keeps the process alive meanwhile: a process
   * that does nothing but relay must not end because it waits.
   */
  readonly setTimeout: (callback: () => void, ms: number) => () => void
  /** In [0, 1). Ids are made of it, so it must be as good as a cryptographic source where ids have to be unique. */
  readonly random: () => number
}
