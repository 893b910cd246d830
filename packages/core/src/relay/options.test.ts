import { describe, expect, test } from 'vitest'
import { schedule } from '../backoff/schedule.ts'
import { type BrokerPublisher, ConfigurationError, type RelaySource, SpecificationError } from '../contracts/index.ts'
import { resolveRelayOptions } from './options.ts'

// Only their names and versions are looked at here.
const storage = { specificationVersion: 'v1', name: 'storage' } as RelaySource
const publisher = { specificationVersion: 'v1', name: 'publisher' } as BrokerPublisher
const base = { storage, publisher, environment: {} }

describe('options of a relay', () => {
  test('have defaults', () => {
    const options = resolveRelayOptions(base)
    expect(options).toMatchObject({ batchSize: 500, leaseMs: 30_000, publishTimeoutMs: 10_000, maxAttempts: 20 })
  })

  test('a publish call may take a third of the lease, at most ten seconds', () => {
    const timeout = (options: object) => resolveRelayOptions({ ...base, ...options }).publishTimeoutMs
    expect(timeout({ leaseMs: 60_000 })).toBe(10_000)
    expect(timeout({ leaseMs: 3000 })).toBe(1000)
    expect(timeout({ leaseMs: 50 })).toBe(16)
    expect(timeout({ leaseMs: 3000, publishTimeoutMs: 2000 })).toBe(2000)
  })

  test.each([Number.NaN, 0, 49, -5, 'abc', Number.POSITIVE_INFINITY])('a lease of %s is one mistake', (leaseMs) => {
    const make = () => resolveRelayOptions({ ...base, leaseMs: leaseMs as number })
    expect(make).toThrow(expect.objectContaining({ problems: [expect.objectContaining({ option: 'leaseMs' })] }))
  })

  test('a relay that nothing wakes looks more often, and never more rarely than it was told to', () => {
    const wakeups = {} as NonNullable<RelaySource['wakeups']>
    const ofOthers = { ...base, storage: { ...storage, wakeups } }
    const idle = (options: Parameters<typeof resolveRelayOptions>[0]) => resolveRelayOptions(options).idlePollIntervalMs
    expect(idle(base)).toBe(3000)
    expect(idle(ofOthers)).toBe(30_000)
    expect(idle({ ...base, pollIntervalMs: 60_000 })).toBe(60_000)
    expect(idle({ ...base, idlePollIntervalMs: 7000 })).toBe(7000)
  })

  test('all mistakes are reported at once, with option, value and rule', () => {
    const make = () =>
      resolveRelayOptions({
        ...base,
        batchSize: 0,
        leaseMs: 1000,
        publishTimeoutMs: 10_000,
        pollIntervalMs: 60_000,
        idlePollIntervalMs: 5000,
        label: '',
      })
    expect(make).toThrow(ConfigurationError)
    try {
      make()
    } catch (error) {
      const { problems } = error as ConfigurationError
      expect(problems.map(({ option }) => option)).toEqual(['label', 'batchSize', 'publishTimeoutMs', 'pollIntervalMs'])
      expect(problems[2]).toMatchObject({ value: 10_000, rule: expect.stringContaining('leaseMs (1000)') })
    }
  })

  test('the environment sets what code leaves open', () => {
    const environment = {
      WAYBILL_RELAY_BATCH_SIZE: '50',
      WAYBILL_RELAY_MAX_ATTEMPTS: '3',
      WAYBILL_RELAY_ENABLED: 'false',
    }
    expect(resolveRelayOptions({ ...base, environment })).toMatchObject({
      batchSize: 50,
      maxAttempts: 3,
      enabled: false,
    })
    expect(resolveRelayOptions({ ...base, environment, batchSize: 7 })).toMatchObject({ batchSize: 7 })
  })

  test('a retry policy in code brings its own maxAttempts', () => {
    const environment = { WAYBILL_RELAY_MAX_ATTEMPTS: '3' }
    const retry = schedule([1000], { maxAttempts: 4 })
    expect(resolveRelayOptions({ ...base, environment, retry }).maxAttempts).toBe(4)
    expect(resolveRelayOptions({ ...base, environment, retry, maxAttempts: 9 }).maxAttempts).toBe(9)
  })

  test('what only untyped code can give is reported too, and before the version of an adapter', () => {
    const wrong = { storage: {}, enabled: 'false', strictKeyOrder: 'no', retry: { maxAttempts: 3 } }
    const make = () => resolveRelayOptions({ ...base, ...wrong } as unknown as typeof base)
    expect(make).toThrow(/retry = \[object\].*strictKeyOrder = 'no'.*enabled = 'false'/)
    expect(() => resolveRelayOptions({ ...base, storage: {} as RelaySource })).toThrow(SpecificationError)
  })

  test('a missing adapter is named', () => {
    const missing = { publisher, environment: {} } as unknown as Parameters<typeof resolveRelayOptions>[0]
    expect(() => resolveRelayOptions(missing)).toThrow(/storage = undefined: must be a storage/)
  })
})
