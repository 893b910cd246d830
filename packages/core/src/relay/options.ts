import { exponential } from '../backoff/exponential.ts'
import type { RetryPolicy } from '../backoff/retry-policy.ts'
import type { BrokerPublisher, OutboxAdmin, RelaySource } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { checkOptions, checkSpecification, given, type OptionCheck } from '../settings/check-options.ts'
import { type Environment, settingsFromEnvironment } from '../settings/environment.ts'

/** Options of a relay. Durations are in milliseconds. */
export interface RelayOptions {
  readonly storage: RelaySource & Partial<Pick<OutboxAdmin, 'count'>>
  /** The relay closes it when it stops. */
  readonly publisher: BrokerPublisher
  /** Who this relay is, in the database and in logs. @default 'relay' */
  readonly label?: string
  /** Messages per claim and publish call at most. More is faster up to about 500. @default 500 */
  readonly batchSize?: number
  /** Payload bytes per claim at most. @default 4194304 */
  readonly maxBatchBytes?: number
  /** How long its lanes stay its own after it has died. Longer: fewer false takeovers, a later true one. @default 30000 */
  readonly leaseMs?: number
  /**
   * How long one publish call may take; what is unknown by then is tried again. Must be well below `leaseMs`.
   *
   * @default 10000, but at most a third of `leaseMs`
   */
  readonly publishTimeoutMs?: number
  /** First interval between claims that find nothing, where no wakeup comes. @default 1000 */
  readonly pollIntervalMs?: number
  /**
   * Longest interval between claims that find nothing; at least `pollIntervalMs`.
   *
   * @default 30000 where the storage tells of what other processes have committed, else 3000, or `pollIntervalMs` if that is more
   */
  readonly idlePollIntervalMs?: number
  /** How long `stop` waits for what is in flight. @default 30000 */
  readonly shutdownTimeoutMs?: number
  /** @default exponential() */
  readonly retry?: RetryPolicy
  /** Attempts altogether; a message's own `maxAttempts` wins. @default what the retry policy says (20) */
  readonly maxAttempts?: number
  /** Relay deaths while publishing a message alone, before it ends DEAD. @default 3 */
  readonly maxCrashes?: number
  /**
   * With a publisher that is not atomic per key, one message of a key is in flight at a time. `false` sends a key's messages
   * of a batch together: faster for hot keys, but when one of them fails, later ones may be accepted before it.
   *
   * @default true
   */
  readonly strictKeyOrder?: boolean
  /** `false`: `start` does nothing. For processes that only sometimes relay. @default true */
  readonly enabled?: boolean
  /** Where `WAYBILL_RELAY_…` settings are read; an option given here in code wins. @default process.env */
  readonly environment?: Environment
  /** Time and chance; for tests. */
  readonly runtime?: Runtime
}

export type ResolvedRelayOptions = Readonly<Required<Omit<RelayOptions, 'environment'>>> & {
  /** Before the end of the lease, during which no publish call starts. */
  readonly leaseMarginMs: number
}

/** Messages of one key per claim while other keys wait, for publishers that take a key's messages one by one. */
export const keyLimitOfWaves = 50

const defaults = {
  label: 'relay',
  batchSize: 500,
  maxBatchBytes: 4 * 1024 * 1024,
  leaseMs: 30_000,
  pollIntervalMs: 1000,
  shutdownTimeoutMs: 30_000,
  maxCrashes: 3,
  strictKeyOrder: true,
  enabled: true,
  runtime: systemRuntime,
} as const

/** So long a message may wait of which nothing tells but polling; a claim that finds nothing is two statements on MySQL. */
const longestWithout = 3000
const longestWithWakeups = 30_000
const longestPublish = 10_000
const leastLease = 50

/** @throws ConfigurationError with everything that is wrong. */
export function resolveRelayOptions(input: RelayOptions): ResolvedRelayOptions {
  const options = given(input)
  const checked = checkOptions('Relay', (check) => {
    const { relayEnabled, outboxEnabled, ...environment } = settingsFromEnvironment(
      options.environment ?? globalThis.process?.env ?? {},
      check,
    )
    const retry = options.retry ?? exponential()
    const enabled = relayEnabled ?? defaults.enabled
    // A retry policy in code brings its own maxAttempts, which the environment must not override.
    const maxAttempts = (options.retry ? undefined : environment.maxAttempts) ?? retry.maxAttempts
    const some = { ...defaults, enabled, ...environment, maxAttempts, ...withoutUndefined(options), retry }
    const longest = Object(some.storage).wakeups === undefined ? longestWithout : longestWithWakeups
    const publishTimeoutMs = shareOf(some.leaseMs)
    const all = { publishTimeoutMs, idlePollIntervalMs: Math.max(longest, some.pollIntervalMs), ...some }
    const resolved: ResolvedRelayOptions = { ...all, leaseMarginMs: Math.ceil(all.leaseMs / 10) }
    checkAdapters(resolved, check)
    checkRanges(resolved, check)
    return Object.freeze(resolved)
  })
  // After everything else, so that an adapter of another version hides no mistake.
  checkSpecification(checked.storage)
  checkSpecification(checked.publisher)
  return checked
}

function shareOf(leaseMs: number): number {
  const third = Math.floor(leaseMs / 3)
  return third > 0 ? Math.min(longestPublish, third) : longestPublish
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function checkAdapters(options: ResolvedRelayOptions, check: OptionCheck): void {
  for (const option of ['storage', 'publisher'] as const) {
    const adapter: unknown = options[option]
    check.that(typeof adapter === 'object' && adapter !== null, {
      option,
      value: adapter,
      rule: `must be a ${option}, for example of @waybill/memory`,
    })
  }
  const delayMs: unknown = options.retry?.delayMs
  const rule = 'must be a retry policy, for example exponential()'
  check.that(typeof delayMs === 'function', { option: 'retry', value: options.retry, rule })
  // From the environment of a process these come as texts, of which 'false' is true as well.
  for (const option of ['strictKeyOrder', 'enabled'] as const) {
    const value: unknown = options[option]
    check.that(typeof value === 'boolean', { option, value, rule: 'must be true or false' })
  }
}

function checkRanges(options: ResolvedRelayOptions, check: OptionCheck): void {
  check.that(typeof options.label === 'string' && options.label !== '' && options.label.length <= 255, {
    option: 'label',
    value: options.label,
    rule: 'must be a text of 1 to 255 characters',
  })
  check.integer('batchSize', options.batchSize, 1, 10_000)
  check.integer('maxBatchBytes', options.maxBatchBytes, 1)
  check.integer('leaseMs', options.leaseMs, leastLease, 3_600_000)
  check.integer('publishTimeoutMs', options.publishTimeoutMs, 1)
  check.integer('pollIntervalMs', options.pollIntervalMs, 1)
  check.integer('idlePollIntervalMs', options.idlePollIntervalMs, 1)
  check.integer('shutdownTimeoutMs', options.shutdownTimeoutMs, 0)
  check.integer('maxAttempts', options.maxAttempts, 1)
  check.integer('maxCrashes', options.maxCrashes, 1)
  const { leaseMs, leaseMarginMs, publishTimeoutMs, pollIntervalMs, idlePollIntervalMs } = options
  const areNumbers = Number.isSafeInteger(publishTimeoutMs) && Number.isSafeInteger(leaseMs) && leaseMs >= leastLease
  check.that(!areNumbers || publishTimeoutMs < leaseMs - leaseMarginMs, {
    option: 'publishTimeoutMs',
    value: publishTimeoutMs,
    rule: `must be less than leaseMs (${leaseMs}) less a tenth, or a call outlives the lease that it started under`,
  })
  check.that(pollIntervalMs <= idlePollIntervalMs, {
    option: 'pollIntervalMs',
    value: pollIntervalMs,
    rule: `must not be more than idlePollIntervalMs (${idlePollIntervalMs})`,
  })
}
