import type { Runtime } from './runtime.ts'

/** Node fires at once when a delay does not fit into 31 bits. */
const longestTimer = 2 ** 31 - 1
const pool = new Uint32Array(512)
let unused = 0

/** The clocks and the random source of the machine. */
export const systemRuntime: Runtime = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimeout: startTimer,
  random: () => (nextUint32() * 2 ** 21 + (nextUint32() >>> 11)) / 2 ** 53,
}

function startTimer(callback: () => void, ms: number): () => void {
  let timer: NodeJS.Timeout
  const arm = (left: number) => {
    const part = Math.min(left, longestTimer)
    timer = setTimeout(() => (left > part ? arm(left - part) : callback()), part)
  }
  arm(ms)
  return () => clearTimeout(timer)
}

function nextUint32(): number {
  if (unused === 0) {
    crypto.getRandomValues(pool)
    unused = pool.length
  }
  unused -= 1
  return pool[unused] ?? 0
}
