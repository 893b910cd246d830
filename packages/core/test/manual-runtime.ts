import type { Runtime } from '../src/runtime/runtime.ts'

export interface ManualRuntime extends Runtime {
  /** Moves the clock and calls what falls due, in order of time. Promises settle in between. */
  advance(ms: number): Promise<void>
  readonly timers: number
}

/** Time that stands still until a test moves it. `random` always answers `chance`. */
export function manualRuntime(chance = 0.5): ManualRuntime {
  let now = 0
  const timers = new Set<{ readonly dueAt: number; readonly callback: () => void }>()
  const next = (until: number) =>
    [...timers].filter((timer) => timer.dueAt <= until).sort((a, b) => a.dueAt - b.dueAt)[0]
  return {
    now: () => now,
    wallNow: () => 1_000_000 + now,
    random: () => chance,
    setTimeout(callback, ms) {
      const timer = { dueAt: now + ms, callback }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    async advance(ms) {
      const until = now + ms
      await settled()
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.dueAt)
        timer.callback()
        await settled()
      }
      now = until
    },
    get timers() {
      return timers.size
    },
  }
}

/** Lets every promise that can settle do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
