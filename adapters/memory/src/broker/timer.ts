/** Calls back after `delayMs` and answers how to cancel that. Give your own for a virtual clock. */
export type Timer = (callback: () => void, delayMs: number) => () => void

export const systemTimer: Timer = (callback, delayMs) => {
  const handle = setTimeout(callback, delayMs)
  return () => clearTimeout(handle)
}
