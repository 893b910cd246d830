import { ConfigurationError, type ConfigurationProblem, type Message } from '@waybill/core/contracts'
import { laneCount, laneOf } from '@waybill/core/lanes'
import type { RedisAccess } from './client.ts'
import type { MessageFormat } from './field-names.ts'

/** What must be true of an entry before its message counts as accepted. */
export type Durability =
  /** Redis has it in memory: a crash of the server loses what came since its last write to disk. */
  | 'memory'
  /** The append-only file of the server is on the disk (`WAITAOF 1 0`, Redis 7.2). Wants `appendfsync always`: with `everysec` each call waits for up to a second. */
  | 'aof'
  /** So many replicas have it in memory (`WAIT`) or, with `aof`, on their disks, the server itself too (`WAITAOF 1 n`). */
  | { readonly replicas: number; readonly aof?: boolean }

/** Where the messages of a topic are. The publisher and all consumers of a topic have to be told the same. */
export interface StreamOptions {
  /** Streams of each topic: messages of one key are always in the same. At most 64. @default 1 */
  readonly shards?: number
  /** The stream of a topic's shard; no two may have the same. @default the topic, followed by `:<shard>` if there are several */
  readonly stream?: (topic: string, shard: number) => string
}

export interface RedisStreamsPublisherOptions extends StreamOptions {
  readonly redis: RedisAccess
  /** @default 'aof' */
  readonly durability?: Durability
  /** `create` makes missing streams; `existing` answers `unavailable` for their topics. @default 'existing' */
  readonly topology?: 'existing' | 'create'
  /** @default 'waybill' */
  readonly format?: MessageFormat
  /** Largest message, in bytes of payload and all fields. @default 1048576 */
  readonly maxMessageBytes?: number
  /** Messages per call at most. @default 500 */
  readonly maxBatchMessages?: number
  /**
   * Removes entries that are older, in milliseconds, as new ones are appended, **also those that no consumer has read**.
   * @default none: nothing is ever removed
   */
  readonly trimOlderThanMs?: number
}

export interface RedisStreamsConsumerOptions extends StreamOptions {
  readonly redis: RedisAccess
  /** `create` makes missing streams and groups; a new group begins with the oldest entry. @default 'existing' */
  readonly topology?: 'existing' | 'create'
  /**
   * The name in the group of this process; two that run at once must not have the same. One that stays the same over a
   * restart finds what it had in hand before anything newer. @default a new one for each subscription
   */
  readonly consumerName?: string
  /**
   * When others may take what a consumer has in hand, in milliseconds since it last said that it is alive; it says so three
   * times as often. Longer than the process may ever stand still. @default 60000
   */
  readonly abandonedAfterMs?: number
  /**
   * The stream for rejected messages of a topic, made when it is needed.
   * @default none: they are acknowledged, and stay where they are in their stream
   */
  readonly deadLetterStream?: (topic: string) => string
  /** Told of what a subscription survives by itself, for example a lost connection. @default nobody is told */
  readonly onError?: (error: Error) => void
}

/** The stream of a message. */
export type Route = (message: Pick<Message, 'topic' | 'orderingKey' | 'id'>) => string

const day = 86_400_000
const bounds = {
  shards: [1, laneCount],
  maxMessageBytes: [1, 512 * 2 ** 20],
  maxBatchMessages: [1, 10_000],
  trimOlderThanMs: [1000, 36_600 * day],
  abandonedAfterMs: [100, day],
} as const

/** @throws {@link ConfigurationError} with all that is wrong. */
export function checkOptions(
  subject: string,
  options: RedisStreamsPublisherOptions | RedisStreamsConsumerOptions,
): void {
  const problems: ConfigurationProblem[] = []
  const given: Readonly<Record<string, unknown>> = { ...options }
  for (const [option, [min, max]] of Object.entries(bounds)) {
    const value = given[option]
    if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max)) continue
    problems.push({ option, value, rule: `must be an integer from ${min} to ${max}` })
  }
  if (!['undefined', 'existing', 'create'].includes(String(given['topology'])))
    problems.push({ option: 'topology', value: given['topology'], rule: "must be 'existing' or 'create'" })
  if (!isDurability(given['durability'])) {
    const rule = "must be 'memory', 'aof' or { replicas } with at least 1"
    problems.push({ option: 'durability', value: given['durability'], rule })
  }
  if (given['consumerName'] === '') problems.push({ option: 'consumerName', value: '', rule: 'must not be empty' })
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
}

/** The streams of a topic, in the order of their shards. */
export function streamsOf(topic: string, { shards = 1, stream }: StreamOptions): readonly string[] {
  const name = stream ?? ((of: string, shard: number) => (shards === 1 ? of : `${of}:${shard}`))
  return Array.from({ length: shards }, (_, shard) => name(topic, shard))
}

export function routeBy(options: StreamOptions): Route {
  const { shards = 1 } = options
  const known = new Map<string, readonly string[]>()
  return ({ topic, orderingKey, id }) => {
    const streams = known.get(topic) ?? streamsOf(topic, options)
    known.set(topic, streams)
    return streams[shards === 1 ? 0 : laneOf(orderingKey ?? id) % shards] ?? topic
  }
}

function isDurability(value: unknown): boolean {
  if (value === undefined || value === 'memory' || value === 'aof') return true
  if (typeof value !== 'object' || value === null || !('replicas' in value)) return false
  return Number.isSafeInteger(value.replicas) && Number(value.replicas) >= 1
}
