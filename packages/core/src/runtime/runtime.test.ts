import { expect, test } from 'vitest'
import { systemRuntime } from './system-runtime.ts'
import { uuidv7 } from './uuid-v7.ts'

test('a UUID has version 7, variant 10 and the time in front', () => {
  const id = uuidv7({ wallNow: () => 0x0123456789ab, random: () => 0 })
  expect(id).toBe('01234567-89ab-7000-8000-000000000000')
  const highest = uuidv7({ wallNow: () => 0x0123456789ab, random: () => 1 - 2 ** -53 })
  expect(highest).toBe('01234567-89ab-7fff-bfff-ffffffffffff')
})

test('a UUID is made of nothing but the runtime', () => {
  const runtime = () => ({ wallNow: () => 1_000, random: () => 0.3 })
  expect(uuidv7(runtime())).toBe(uuidv7(runtime()))
})

test('UUIDs of the system runtime are distinct', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => uuidv7(systemRuntime)))
  expect(ids.size).toBe(10_000)
})

test('random numbers lie in [0, 1) and fill it evenly', () => {
  const buckets = new Array<number>(10).fill(0)
  for (let count = 0; count < 20_000; count++) {
    const index = Math.floor(systemRuntime.random() * 10)
    buckets[index] = (buckets[index] ?? Number.NaN) + 1
  }
  expect(buckets).toHaveLength(10)
  for (const count of buckets) expect(count).toBeGreaterThan(1_500)
})

test('a timer fires once its time has passed, and never after it was cancelled', async () => {
  const fired: string[] = []
  const cancel = systemRuntime.setTimeout(() => fired.push('cancelled'), 1)
  systemRuntime.setTimeout(() => fired.push('too long for a timer'), 2 ** 31)()
  cancel()
  await new Promise<void>((resolve) => {
    systemRuntime.setTimeout(() => {
      fired.push('fired')
      resolve()
    }, 5)
  })
  expect(fired).toEqual(['fired'])
})

test('a delay beyond 31 bits does not fire at once', async () => {
  let fired = false
  const cancel = systemRuntime.setTimeout(() => {
    fired = true
  }, 2 ** 31)
  await new Promise<void>((resolve) => {
    systemRuntime.setTimeout(resolve, 10)
  })
  cancel()
  expect(fired).toBe(false)
})

test('a timer keeps the process alive until it is cancelled', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const cancel = systemRuntime.setTimeout(() => undefined, 60_000)
  expect(timers()).toBe(before + 1)
  cancel()
  expect(timers()).toBe(before)
})
