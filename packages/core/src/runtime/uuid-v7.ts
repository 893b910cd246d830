import type { Runtime } from './runtime.ts'

/** Makes a UUID of version 7 (RFC 9562, 5.7): 48 bits of wall clock, then 74 random bits. */
export function uuidv7(runtime: Pick<Runtime, 'wallNow' | 'random'>): string {
  const time = Math.floor(runtime.wallNow())
  const high = hex16(time / 2 ** 32) + hex16(time / 2 ** 16)
  const version = hex16(0x7000 + Math.floor(runtime.random() * 2 ** 12))
  const variant = hex16(0x8000 + Math.floor(runtime.random() * 2 ** 14))
  const low = runtime.random() * 2 ** 48
  return `${high}-${hex16(time)}-${version}-${variant}-${hex16(low / 2 ** 32)}${hex16(low / 2 ** 16)}${hex16(low)}`
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The lowest 16 bits of the integer part. */
function hex16(value: number): string {
  const bits = Math.floor(value) % 2 ** 16
  return `${hexOfByte[bits >>> 8]}${hexOfByte[bits & 255]}`
}
