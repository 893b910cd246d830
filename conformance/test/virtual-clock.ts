import type { TimeControl } from '../src/index.ts'

/** A clock that stands still until it is moved, with timers. */
export interface VirtualClock extends TimeControl {
  readonly now: () => number
  readonly timer: (callback: () => void, delayMs: number) => () => void
}

export function virtualClock(): VirtualClock {
  let now = 1_800_000_000_000
  const timers = new Set<{ readonly dueAt: number; readonly callback: () => void }>()
  return {
    now: () => now,
    timer(callback, delayMs) {
      const timer = { dueAt: now + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      now += ms
      for (const timer of [...timers].filter(({ dueAt }) => dueAt <= now)) {
        timers.delete(timer)
        timer.callback()
      }
    },
  }
}
