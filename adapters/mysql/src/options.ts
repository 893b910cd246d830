import { ConfigurationError, type ConfigurationProblem } from '@waybill/core/contracts'
import { type AnyKysely, handleProblems } from '@waybill/sql'
import type { Pool } from 'mysql2'
import type { Pool as PromisePool } from 'mysql2/promise'

/** A pool of mysql2, of either flavour. */
export type MysqlPool = Pool | PromisePool

/**
 * Where the application's database is.
 *
 * With `pool`, relays and administration open a few connections of their own, with the pool's settings. With `db` alone, a
 * Kysely instance, they take turns on the application's connections: slower, a renewal of the lease waits when all
 * connections are busy, and `lockTimeoutMs` is what the application's sessions have. Give both where both are there.
 */
export type MysqlHandle =
  | { readonly db: AnyKysely; readonly pool?: MysqlPool }
  | { readonly pool: MysqlPool; readonly db?: undefined }

export interface MysqlStorageOptions {
  /** Begins the names of all tables and indexes: letters, digits and `_`. @default 'waybill_' */
  readonly tablePrefix?: string
  /**
   * How long published messages are kept, in milliseconds; relays remove older ones as they publish. 0 removes them at once,
   * which is about 1.5 times as fast and leaves nothing to look at. @default 86400000 (24 hours)
   */
  readonly retentionMs?: number
  /**
   * How long a relay waits for a lock that somebody else holds, and how long the server lets one of its transactions stand
   * idle, in milliseconds; the server counts in whole seconds. Keep it at a tenth of `leaseMs`. @default 3000
   */
  readonly lockTimeoutMs?: number
  /** A relay's connection that has not answered for so long is given up, in milliseconds. @default 30000 */
  readonly statementTimeoutMs?: number
}

export type ResolvedStorageOptions = Readonly<Required<MysqlStorageOptions>>

const hours = 3_600_000
const bounds = {
  retentionMs: [0, 100 * 366 * 24 * hours],
  lockTimeoutMs: [1, hours],
  statementTimeoutMs: [100, hours],
} as const

const poolOfMysql2 = { name: 'a pool of mysql2', methods: ['getConnection', 'query'] } as const

/**
 * @param handle - Where the database is, for those who need one.
 * @throws {@link ConfigurationError} with all that is wrong.
 */
export function resolveStorageOptions(
  subject: string,
  options: MysqlStorageOptions = {},
  handle?: Partial<MysqlHandle>,
): ResolvedStorageOptions {
  const resolved: ResolvedStorageOptions = {
    tablePrefix: options.tablePrefix ?? 'waybill_',
    retentionMs: options.retentionMs ?? 24 * hours,
    lockTimeoutMs: options.lockTimeoutMs ?? 3000,
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
  }
  const problems: ConfigurationProblem[] = handle === undefined ? [] : [...handleProblems(handle, poolOfMysql2)]
  for (const [option, [min, max]] of Object.entries(bounds)) {
    const value = resolved[option as keyof typeof bounds]
    if (Number.isSafeInteger(value) && value >= min && value <= max) continue
    problems.push({ option, value, rule: `must be an integer from ${min} to ${max}` })
  }
  if (!/^[a-z_][a-z0-9_]{0,31}$/i.test(resolved.tablePrefix)) {
    const rule = 'must begin with a letter or _, followed by at most 31 letters, digits and _'
    problems.push({ option: 'tablePrefix', value: resolved.tablePrefix, rule })
  }
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
  return Object.freeze(resolved)
}
