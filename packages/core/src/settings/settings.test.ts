import { describe, expect, test } from 'vitest'
import { type ConfigurationError, SpecificationError } from '../contracts/index.ts'
import { checkOptions, checkSpecification, type OptionCheck } from './check-options.ts'
import { type Environment, type EnvironmentSettings, settingsFromEnvironment } from './environment.ts'

describe('checkOptions', () => {
  test('reports all problems at once, naming option, value and rule', () => {
    const error = failure((check) => {
      check.integer('batchSize', 0, 1, 1000)
      check.integer('leaseMs', '30', 1)
      check.integer('fine', 1, 1, 1)
      check.that(false, { option: 'publishTimeoutMs', value: 9, rule: 'must be less than leaseMs (5)' })
      check.that(true, { option: 'fine', value: 1, rule: 'must be fine' })
    })
    expect(error.code).toBe('CONFIGURATION')
    expect(error.problems).toEqual([
      { option: 'batchSize', value: 0, rule: 'must be an integer from 1 to 1000' },
      { option: 'leaseMs', value: '30', rule: 'must be an integer of at least 1' },
      { option: 'publishTimeoutMs', value: 9, rule: 'must be less than leaseMs (5)' },
    ])
    expect(error.message).toContain("Thing: batchSize = 0: must be an integer from 1 to 1000; leaseMs = '30'")
  })

  test.each([Number.NaN, 1.5, Number.POSITIVE_INFINITY, null, undefined, 2 ** 53])('%s is no integer', (value) => {
    expect(failure((check) => check.integer('option', value, 0)).problems).toHaveLength(1)
  })

  test('says nothing when nothing is wrong', () => {
    expect(() => checkOptions('Thing', (check) => check.integer('option', 1, 0))).not.toThrow()
  })
})

test('an adapter of another specification version is refused', () => {
  expect(() => checkSpecification({ specificationVersion: 'v1', name: 'mine' })).not.toThrow()
  expect(() => checkSpecification({ specificationVersion: 'v2', name: 'mine' })).toThrow(SpecificationError)
})

describe('settingsFromEnvironment', () => {
  test('reads what is set', () => {
    const settings = read({
      WAYBILL_OUTBOX_ENABLED: 'true',
      WAYBILL_RELAY_ENABLED: 'false',
      WAYBILL_RELAY_POLL_INTERVAL_MS: '250',
      WAYBILL_RELAY_BATCH_SIZE: ' 500 ',
      WAYBILL_RELAY_MAX_ATTEMPTS: '7',
    })
    expect(settings).toEqual({
      outboxEnabled: true,
      relayEnabled: false,
      pollIntervalMs: 250,
      batchSize: 500,
      maxAttempts: 7,
    })
  })

  test('what is not set, or set to nothing, stays open', () => {
    expect(read({ WAYBILL_RELAY_BATCH_SIZE: '', OTHER: '1' })).toEqual({})
  })

  test('a bad value is reported by the name of its variable', () => {
    const environment = {
      WAYBILL_OUTBOX_ENABLED: 'yes',
      WAYBILL_RELAY_BATCH_SIZE: '0',
      WAYBILL_RELAY_POLL_INTERVAL_MS: '1e3',
      WAYBILL_RELAY_MAX_ATTEMPTS: '5',
    }
    const error = failure((check) => settingsFromEnvironment(environment, check))
    expect(error.problems).toEqual([
      { option: 'WAYBILL_OUTBOX_ENABLED', value: 'yes', rule: "must be 'true' or 'false'" },
      { option: 'WAYBILL_RELAY_POLL_INTERVAL_MS', value: '1e3', rule: 'must be an integer from 1 to 999999999' },
      { option: 'WAYBILL_RELAY_BATCH_SIZE', value: '0', rule: 'must be an integer from 1 to 999999999' },
    ])
  })
})

function read(environment: Environment): EnvironmentSettings {
  return checkOptions('Thing', (check) => settingsFromEnvironment(environment, check))
}

function failure(rules: (check: OptionCheck) => void): ConfigurationError {
  try {
    checkOptions('Thing', rules)
  } catch (error) {
    return error as ConfigurationError
  }
  throw new Error('nothing was reported')
}
