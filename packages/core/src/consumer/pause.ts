import type { Runtime } from '../runtime/runtime.ts'
import { untilAborted } from './abort.ts'

/** Waits; answers `false` if the signal ended it. */
export async function pause(runtime: Runtime, ms: number, signal: AbortSignal): Promise<boolean> {
  const over = Promise.withResolvers<boolean>()
  const cancel = runtime.setTimeout(() => over.resolve(true), ms)
  try {
    return await untilAborted(over.promise, signal)
  } catch {
    return false
  } finally {
    cancel()
  }
}

/** Goes round until the signal fires; each round answers how long to wait before the next. */
export async function goRound(runtime: Runtime, signal: AbortSignal, round: () => Promise<number>): Promise<void> {
  while (!signal.aborted) {
    const waitMs = await round()
    if (signal.aborted || !(await pause(runtime, waitMs, signal))) return
  }
}
