import type { OptionCheck } from './check-options.ts'

/** Environment variable of each setting that has one. */
const environmentVariables = {
  outboxEnabled: 'WAYBILL_OUTBOX_ENABLED',
  relayEnabled: 'WAYBILL_RELAY_ENABLED',
  pollIntervalMs: 'WAYBILL_RELAY_POLL_INTERVAL_MS',
  batchSize: 'WAYBILL_RELAY_BATCH_SIZE',
  maxAttempts: 'WAYBILL_RELAY_MAX_ATTEMPTS',
} as const

/** What the environment sets; absent is what it leaves alone. An option given in code wins over it. */
export interface EnvironmentSettings {
  readonly outboxEnabled?: boolean
  readonly relayEnabled?: boolean
  readonly pollIntervalMs?: number
  readonly batchSize?: number
  readonly maxAttempts?: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the settings that the environment may hold. Problems name the variable and are left out of the result. A variable
 * that is set to nothing counts as not set.
 */
export function settingsFromEnvironment(environment: Environment, check: OptionCheck): EnvironmentSettings {
  const settings: { -readonly [Name in keyof EnvironmentSettings]: EnvironmentSettings[Name] } = {}
  for (const name of ['outboxEnabled', 'relayEnabled'] as const) {
    const value = read(environment, name)
    if (value === undefined) continue
    if (value === 'true' || value === 'false') settings[name] = value === 'true'
    else check.that(false, { option: environmentVariables[name], value, rule: "must be 'true' or 'false'" })
  }
  for (const name of ['pollIntervalMs', 'batchSize', 'maxAttempts'] as const) {
    const value = read(environment, name)
    if (value === undefined) continue
    const holds = /^[1-9]\d{0,8}$/.test(value)
    if (holds) settings[name] = Number(value)
    check.that(holds, { option: environmentVariables[name], value, rule: 'must be an integer from 1 to 999999999' })
  }
  return settings
}

function read(environment: Environment, name: keyof EnvironmentSettings): string | undefined {
  return environment[environmentVariables[name]]?.trim() || undefined
}
