import type { Timer } from '../src/index.ts'

/** A timer whose time a test moves. */
export function manualTimer(): { readonly timer: Timer; advance(ms: number): void } {
  const waiting = new Set<{ readonly at: number; readonly callback: () => void }>()
  let now = 0
  return {
    timer(callback, delayMs) {
      const entry = { at: now + delayMs, callback }
      waiting.add(entry)
      return () => waiting.delete(entry)
    },
    advance(ms) {
      now += ms
      for (const entry of [...waiting].sort((left, right) => left.at - right.at)) {
        if (entry.at <= now && waiting.delete(entry)) entry.callback()
      }
    },
  }
}

/** Lets everything happen that waits for nothing but microtasks. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}
