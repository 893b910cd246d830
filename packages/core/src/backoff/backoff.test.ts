import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../contracts/index.ts'
import { exponential } from './exponential.ts'
import type { Jitter } from './retry-policy.ts'
import { schedule } from './schedule.ts'

const middle = () => 0.5
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const anyAttempt = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.integer({ min: 1, max: 40 }),
  fc.constant(2 ** 31),
)
const anyJitter = fc.constantFrom<Jitter>('full', 'equal', 'none')

describe('exponential', () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [9, 256_000],
    [10, 300_000],
    [2 ** 31, 300_000],
  ])('without jitter, attempt %i waits %i ms', (attempt, expected) => {
    expect(exponential({ jitter: 'none' }).delayMs(attempt, middle)).toBe(expected)
  })

  test('full jitter draws from the whole delay, equal jitter from its upper half', () => {
    expect(exponential({ jitter: 'full' }).delayMs(3, () => 0)).toBe(0)
    expect(exponential({ jitter: 'full' }).delayMs(3, middle)).toBe(2_000)
    expect(exponential({ jitter: 'equal' }).delayMs(3, () => 0)).toBe(2_000)
    expect(exponential({ jitter: 'equal' }).delayMs(3, middle)).toBe(3_000)
  })

  test('defaults to 20 attempts with full jitter', () => {
    const policy = exponential()
    expect(policy.maxAttempts).toBe(20)
    expect(policy.delayMs(1, () => 0)).toBe(0)
  })

  test('delays are whole milliseconds between 0 and maxMs, whatever the attempt', () => {
    const options = fc.record({
      baseMs: fc.integer({ min: 1, max: 1e6 }),
      factor: fc.double({ min: 1, max: 1e9, noNaN: true }),
      more: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1e6 }),
      jitter: anyJitter,
    })
    fc.assert(
      fc.property(options, anyAttempt, anyChance, ({ baseMs, factor, more, jitter }, attempt, chance) => {
        const maxMs = baseMs + more
        const delay = exponential({ baseMs, factor, maxMs, jitter }).delayMs(attempt, () => chance)
        expect(Number.isSafeInteger(delay)).toBe(true)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(maxMs)
      }),
    )
  })

  test('without jitter, no delay is shorter than the one before', () => {
    fc.assert(
      fc.property(anyAttempt, fc.double({ min: 1, max: 10, noNaN: true }), (attempt, factor) => {
        const policy = exponential({ factor, jitter: 'none' })
        expect(policy.delayMs(attempt + 1, middle)).toBeGreaterThanOrEqual(policy.delayMs(attempt, middle))
      }),
    )
  })

  test('names every wrong option at once', () => {
    const wrong = { baseMs: 0, factor: 0.5, maxMs: Number.NaN, jitter: 'some' as Jitter, maxAttempts: 1.5 }
    expect(problemsOf(() => exponential(wrong))).toEqual(['baseMs', 'maxMs', 'maxAttempts', 'jitter', 'factor'])
    expect(problemsOf(() => exponential({ baseMs: 10, maxMs: 9 }))).toEqual(['maxMs'])
    expect(problemsOf(() => exponential({ factor: Number.POSITIVE_INFINITY }))).toEqual(['factor'])
  })
})

describe('schedule', () => {
  test('takes the delays one by one and repeats the last', () => {
    const policy = schedule([10, 20, 30], { maxAttempts: 7 })
    expect(policy.maxAttempts).toBe(7)
    expect([1, 2, 3, 4, 2 ** 31].map((attempt) => policy.delayMs(attempt, middle))).toEqual([10, 20, 30, 30, 30])
  })

  test('defaults to 5 attempts, 5 s to 15 min, without jitter', () => {
    const policy = schedule()
    expect(policy.maxAttempts).toBe(5)
    expect([1, 2, 3, 4, 5].map((attempt) => policy.delayMs(attempt, middle))).toEqual([
      5_000, 15_000, 60_000, 300_000, 900_000,
    ])
  })

  test('delays stay within the scheduled one, whatever the attempt', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(delays, anyJitter, anyAttempt, anyChance, (list, jitter, attempt, chance) => {
        const delay = schedule(list, { jitter }).delayMs(attempt, () => chance)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(list[Math.min(attempt, list.length) - 1] ?? Number.NaN)
      }),
    )
  })

  test('is not changed by later changes of the list', () => {
    const list = [10]
    const policy = schedule(list)
    list[0] = 99
    expect(policy.delayMs(1, middle)).toBe(10)
  })

  test('names every wrong option at once', () => {
    expect(problemsOf(() => schedule([5, -1, 0.5], { maxAttempts: 0 }))).toEqual([
      'delaysMs[1]',
      'delaysMs[2]',
      'maxAttempts',
    ])
    expect(problemsOf(() => schedule([]))).toEqual(['delaysMs'])
  })
})

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map((problem) => problem.option)
    throw error
  }
  return []
}
