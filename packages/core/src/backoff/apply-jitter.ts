import type { Jitter } from './retry-policy.ts'

/** Spreads a delay; whole milliseconds, never more than `delayMs`. */
export function applyJitter(jitter: Jitter, delayMs: number, random: () => number): number {
  switch (jitter) {
    case 'none':
      return Math.round(delayMs)
    case 'equal':
      return Math.round(delayMs / 2 + (random() * delayMs) / 2)
    case 'full':
      return Math.round(random() * delayMs)
  }
}
