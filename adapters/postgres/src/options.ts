import { ConfigurationError, type ConfigurationProblem } from '@waybill/core/contracts'
import { type AnyKysely, handleProblems } from '@waybill/sql'
import type { Pool } from 'pg'

/**
 * Where the application's database is.
 *
 * With `pool`, relays and administration open a few connections of their own, with the pool's settings. With `db` alone, a
 * Kysely instance on any driver, they take turns on the application's connections and run each statement in a transaction of
 * its own: slower, and a renewal of the lease waits when all connections are busy. Give both where both are there.
 */
export type PostgresHandle =
  | { readonly db: AnyKysely; readonly pool?: Pool }
  | { readonly pool: Pool; readonly db?: undefined }

export interface PostgresStorageOptions {
  /** Begins the names of all tables and indexes: letters, digits and `_`. @default 'waybill_' */
  readonly tablePrefix?: string
  /** Schema of the tables; it must exist. @default wherever the connection's `search_path` leads */
  readonly schema?: string
  /**
   * How long published messages are kept, in milliseconds; relays remove older ones as they publish. 0 removes them at once,
   * which is about 1.5 times as fast and leaves nothing to look at. @default 86400000 (24 hours)
   */
  readonly retentionMs?: number
  /**
   * Keep published messages in a table of their own, `waybill_history`, which has a part for each day (UTC), and drop whole
   * days that ended longer ago than `retentionMs`. Publishing costs about as much as with rows that are kept in their place;
   * removing costs nothing, and the table of messages stays as small as its backlog. The id of a message that has been
   * published may be used again. @default false
   */
  readonly historyByDay?: boolean
  /**
   * How long a relay waits for a lock that somebody else holds, in milliseconds, and how long the server lets one of its
   * transactions stand idle. Keep it below a tenth of `leaseMs`: a relay that is stopped within a transaction holds others
   * up for so long. @default 3000
   */
  readonly lockTimeoutMs?: number
  /** A relay's connection that has not answered for so long is given up, in milliseconds. @default 30000 */
  readonly statementTimeoutMs?: number
  /**
   * Tell relays of other processes of new messages by NOTIFY, and listen for it. Producers notify on a connection of their
   * own, never in a business transaction, at most every few milliseconds. @default true
   */
  readonly wakeups?: boolean
  /**
   * Connection string for LISTEN, if the application's connections go through a pooler, which swallows it.
   *
   * @default the settings of `pool`; with `db` alone there is no LISTEN without this
   */
  readonly listenUrl?: string
}

export interface ResolvedStorageOptions extends Required<Omit<PostgresStorageOptions, 'schema' | 'listenUrl'>> {
  readonly schema: string | undefined
  readonly listenUrl: string | undefined
}

const hours = 3_600_000
const bounds = {
  retentionMs: [0, 100 * 366 * 24 * hours],
  lockTimeoutMs: [1, hours],
  statementTimeoutMs: [100, hours],
} as const
const poolOfPg = { name: 'a Pool of pg', methods: ['connect', 'query'] } as const
const longestName = { tablePrefix: 32, schema: 63 } as const

/**
 * @param handle - Where the database is, for those who need one.
 * @throws {@link ConfigurationError} with all that is wrong.
 */
export function resolveStorageOptions(
  subject: string,
  options: PostgresStorageOptions,
  handle?: Partial<PostgresHandle>,
): ResolvedStorageOptions {
  const resolved: ResolvedStorageOptions = {
    tablePrefix: options.tablePrefix ?? 'waybill_',
    schema: options.schema,
    retentionMs: options.retentionMs ?? 24 * hours,
    historyByDay: options.historyByDay ?? false,
    lockTimeoutMs: options.lockTimeoutMs ?? 3000,
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
    wakeups: options.wakeups ?? true,
    listenUrl: options.listenUrl,
  }
  const problems = [
    ...numberProblems(resolved),
    ...nameProblems(resolved),
    ...(handle ? handleProblems(handle, poolOfPg) : []),
  ]
  if (resolved.listenUrl !== undefined && !/^postgres(ql)?:\/\//.test(resolved.listenUrl)) {
    problems.push({ option: 'listenUrl', value: '[hidden]', rule: 'must begin with postgres:// or postgresql://' })
  }
  if (resolved.historyByDay && resolved.retentionMs === 0) {
    const rule = 'must not be 0 with `historyByDay`, or there is no history'
    problems.push({ option: 'retentionMs', value: 0, rule })
  }
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
  return Object.freeze(resolved)
}

function numberProblems(resolved: ResolvedStorageOptions): readonly ConfigurationProblem[] {
  return Object.entries(bounds).flatMap(([option, [min, max]]) => {
    const value = resolved[option as keyof typeof bounds]
    if (Number.isSafeInteger(value) && value >= min && value <= max) return []
    return [{ option, value, rule: `must be an integer from ${min} to ${max}` }]
  })
}

function nameProblems(resolved: ResolvedStorageOptions): readonly ConfigurationProblem[] {
  return Object.entries(longestName).flatMap(([option, length]) => {
    const value = resolved[option as keyof typeof longestName]
    if (value === undefined || (/^[a-z_][a-z0-9_]*$/i.test(value) && value.length <= length)) return []
    const rule = `must begin with a letter or _, followed by letters, digits and _, at most ${length} in all`
    return [{ option, value, rule }]
  })
}
