import { setTimeout as pass } from 'node:timers/promises'
import type { TimeControl } from './eventually.ts'

/**
 * The clock of a database and a broker that are verified together. Nobody can hurry a real server: beside one, a virtual clock
 * moves as fast as the real one.
 */
export function commonTime(storage: TimeControl | undefined, broker: TimeControl | undefined): TimeControl | undefined {
  if (storage === undefined) return undefined
  return {
    now: () => storage.now(),
    async advance(ms) {
      if (broker === undefined) await pass(ms)
      await storage.advance(ms)
      await broker?.advance(ms)
    },
  }
}
