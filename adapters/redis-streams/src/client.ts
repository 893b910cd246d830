import { ConfigurationError } from '@waybill/core/contracts'
import { Redis, type RedisOptions } from 'ioredis'
import { plainError } from './errors.ts'

/**
 * What the adapter depends on. By default ioredis sends commands again whose reply was lost, and keeps those that come while
 * there is no connection: a message would be appended twice, or after newer ones, behind the relay's back. The adapter
 * connects anew by itself, when it has something to say.
 */
export interface RequiredRedisOptions {
  readonly autoResendUnfulfilledCommands: false
  readonly enableAutoPipelining: false
  readonly enableOfflineQueue: false
  readonly keyPrefix: ''
  readonly lazyConnect: true
  readonly maxRetriesPerRequest: 0
  readonly protocol: 2
  readonly readOnly: false
  readonly reconnectOnError: null
  readonly replyMapping: 'legacy'
  readonly retryStrategy: () => null
  readonly stringNumbers: false
}

/** Also for Sentinel: whoever asks for a connection tries again. */
const never = (): null => null

const required: RequiredRedisOptions = {
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  enableOfflineQueue: false,
  keyPrefix: '',
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  protocol: 2,
  readOnly: false,
  reconnectOnError: null,
  replyMapping: 'legacy',
  retryStrategy: never,
  stringNumbers: false,
}

/**
 * How to reach Redis: ioredis' options (host, port, username, password, tls, sentinels, …), or a function that makes a client
 * of yours with the options that it is given.
 *
 * @example
 * ```ts
 * const redis = (required: RequiredRedisOptions) => new Redis('rediss://cache.example:6380', { ...required, db: 2 })
 * ```
 */
export type RedisAccess =
  | Readonly<Omit<RedisOptions, keyof RequiredRedisOptions>>
  | ((required: RequiredRedisOptions) => Redis)

/** @throws {@link ConfigurationError} if a client of the user's was made with other options than those it was given. */
export function makeClient(subject: string, access: RedisAccess): Redis {
  const client = typeof access === 'function' ? access(required) : new Redis(withRequired(access))
  const options: Readonly<Record<string, unknown>> = { ...client.options }
  const problems = Object.entries(required)
    .filter(([name, value]) => options[name] !== value)
    .map(([name, value]) => ({
      option: `redis.${name}`,
      value: options[name],
      rule: `must be ${typeof value === 'function' ? 'the function that was given' : String(value)}, else messages could be sent twice or out of order`,
    }))
  if (problems.length === 0) return client
  client.disconnect()
  throw new ConfigurationError(subject, problems)
}

function withRequired(
  access: Exclude<RedisAccess, (required: RequiredRedisOptions) => Redis>,
): RedisOptions & RequiredRedisOptions {
  const defaults: RedisOptions = { connectTimeout: 5000, sentinelRetryStrategy: never }
  return { ...defaults, ...access, ...required }
}

/** Connects; rejects with what went wrong, without the secrets of the attempt. */
export async function connectClient(client: Redis): Promise<void> {
  let reason: unknown
  client.on('error', (error) => {
    reason = error
  })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    // ioredis rejects with "Connection is closed", and emits why.
    throw plainError(reason ?? error)
  }
}
