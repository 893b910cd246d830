import { ConfigurationError, type ConfigurationProblem } from '@waybill/core/contracts'

export const defaultTablePrefix = 'waybill_'

export interface SqliteStorageOptions {
  /** Begins the names of all tables and indexes: letters, digits and `_`. @default 'waybill_' */
  readonly tablePrefix?: string
  /**
   * How long published messages are kept, in milliseconds; relays remove older ones as they publish. 0 removes them at once,
   * which is about 1.5 times as fast and leaves nothing to look at. @default 86400000 (24 hours)
   */
  readonly retentionMs?: number
  /** How long to ask for the database's lock before giving up with `STORAGE_LOCKED`, in milliseconds. @default 5000 */
  readonly lockTimeoutMs?: number
  /**
   * Pause of the relay between two of its writes while other connections write, in milliseconds. A longer pause lets
   * producers of other processes wait less, and lowers what a relay can publish meanwhile. @default 5
   */
  readonly writeGapMs?: number
  /**
   * How often to ask whether another process has enqueued something, in milliseconds, while a relay runs. Each time costs
   * some microseconds. @default 25
   */
  readonly wakeupIntervalMs?: number
}

export type ResolvedStorageOptions = Readonly<Required<SqliteStorageOptions>>

const hours = 3_600_000
const bounds = {
  retentionMs: [0, 100 * 366 * 24 * hours],
  lockTimeoutMs: [0, hours],
  writeGapMs: [0, 1000],
  wakeupIntervalMs: [1, hours],
} as const

/**
 * @param handles - Names of options, of which one must be given.
 * @throws {@link ConfigurationError} with all that is wrong.
 */
export function resolveStorageOptions(
  subject: string,
  given: SqliteStorageOptions,
  handles: readonly string[] = [],
): ResolvedStorageOptions {
  // Without types nothing at all may be given.
  const options: SqliteStorageOptions & Readonly<Record<string, unknown>> = { ...given }
  const resolved: ResolvedStorageOptions = {
    tablePrefix: options.tablePrefix ?? defaultTablePrefix,
    retentionMs: options.retentionMs ?? 24 * hours,
    lockTimeoutMs: options.lockTimeoutMs ?? 5000,
    writeGapMs: options.writeGapMs ?? 5,
    wakeupIntervalMs: options.wakeupIntervalMs ?? 25,
  }
  const problems: ConfigurationProblem[] = []
  for (const [option, [min, max]] of Object.entries(bounds)) {
    const value = resolved[option as keyof typeof bounds]
    if (Number.isSafeInteger(value) && value >= min && value <= max) continue
    problems.push({ option, value, rule: `must be an integer from ${min} to ${max}` })
  }
  if (handles.length > 0 && !handles.some((name) => typeof options[name] === 'object' && options[name] !== null)) {
    const rule =
      'must be what the application uses: a Kysely instance as db, or a connection of better-sqlite3 as database'
    problems.push({ option: handles.join(' or '), value: undefined, rule })
  }
  if (!/^[a-z_][a-z0-9_]{0,31}$/i.test(resolved.tablePrefix)) {
    const rule = 'must begin with a letter or _, followed by at most 31 letters, digits and _'
    problems.push({ option: 'tablePrefix', value: resolved.tablePrefix, rule })
  }
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
  return Object.freeze(resolved)
}
