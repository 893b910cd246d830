import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy, stayedLocked } from './errors.ts'

export interface RetryOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onBusy?: () => void
}

const longestDelayMs = 8

/**
 * Repeats an attempt while others hold the lock, from a timer, so that the thread goes on meanwhile. A refused attempt must
 * have done nothing.
 *
 * @throws {@link StorageError} `STORAGE_LOCKED` when the time is over.
 */
export async function whileBusy<T>(attempt: () => T | Promise<T>, options: RetryOptions): Promise<T> {
  const { timeoutMs, signal, onBusy } = options
  const deadline = performance.now() + timeoutMs
  for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() >= deadline) throw stayedLocked(timeoutMs, error)
      onBusy?.()
    }
    await sleep(delayMs * (0.5 + Math.random() / 2))
  }
}
