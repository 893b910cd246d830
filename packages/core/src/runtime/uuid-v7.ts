import type { Runtime } from './runtime.ts'

/** Makes a UUID of version 7 (RFC 9562, 5.7): 48 bits of wall clock, then 74 random bits. */
export function uuidv7(runtime: Pick<Runtime, 'wallNow' | 'random'>): string {
  const time = hex(Math.floor(runtime.wallNow()), 12)
  const a = hex(0x7000 + bits(runtime, 12), 4)
  const b = hex(0x8000 + bits(runtime, 14), 4)
  return `${time.slice(0, 8)}-${time.slice(8)}-${a}-${b}-${hex(bits(runtime, 48), 12)}`
}

function bits(runtime: Pick<Runtime, 'random'>, count: number): number {
  return Math.floor(runtime.random() * 2 ** count)
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
