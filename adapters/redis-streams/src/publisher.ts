import {
  type BrokerPublisher,
  type Message,
  orderingScope,
  PublishError,
  type PublishOptions,
  type PublishOutcome,
} from '@waybill/core/contracts'
import { type AppendTerms, type Chunk, maxFields } from './append.ts'
import { requireDurability } from './durability.ts'
import { tooLarge, unreachable } from './errors.ts'
import type { MessageFormat } from './field-names.ts'
import { RedisLink } from './link.ts'
import { encodeMessage, sizeOf } from './mapping.ts'
import { checkOptions, type Durability, type RedisStreamsPublisherOptions, type Route, routeBy } from './options.ts'
import { PublishCall } from './publish-call.ts'

/** Bytes of one script call: Redis does nothing else while it runs one. */
const chunkBytes = 4 * 2 ** 20

interface Terms extends AppendTerms {
  readonly route: Route
  readonly format: MessageFormat
  readonly durability: Durability
  readonly maxMessageBytes: number
}

/**
 * Publishes to Redis Streams. It connects at the first call, and anew whenever a connection was lost.
 *
 * Messages of one key are appended in order, and never one after a failed one: `atomicPerKey`.
 *
 * @throws {@link ConfigurationError} with all that is wrong with the options.
 *
 * @example
 * ```ts
 * const publisher = redisStreamsPublisher({ redis: { host: 'redis.example', username: 'relay', password } })
 * const relay = new Relay({ storage, publisher })
 * ```
 */
export function redisStreamsPublisher(options: RedisStreamsPublisherOptions): BrokerPublisher {
  checkOptions('redisStreamsPublisher', options)
  const { maxMessageBytes = 2 ** 20, maxBatchMessages = 500, durability = 'aof', format = 'waybill' } = options
  const { topology = 'existing', trimOlderThanMs } = options
  const terms: Terms = { route: routeBy(options), format, durability, maxMessageBytes, topology, trimOlderThanMs }
  const link = new RedisLink('redisStreamsPublisher', options.redis, (client) => requireDurability(client, durability))
  const calls = new Set<Promise<unknown>>()
  let isClosed = false
  return {
    specificationVersion: 'v1',
    name: 'redis-streams',
    capabilities: { atomicPerKey: true, maxMessageBytes, maxBatchMessages },
    async publish(messages, publishOptions) {
      if (isClosed) return messages.map(() => unreachable(new Error('the publisher has been closed')))
      const call = publishAll(terms, link, messages, publishOptions)
      calls.add(call)
      return await call.finally(() => calls.delete(call))
    },
    async close() {
      isClosed = true
      await Promise.allSettled(calls)
      link.close()
    },
  }
}

async function publishAll(
  terms: Terms,
  link: RedisLink,
  messages: readonly Message[],
  options: PublishOptions,
): Promise<readonly PublishOutcome[]> {
  const outcomes: (PublishOutcome | undefined)[] = messages.map(() => undefined)
  const rounds = plan(terms, messages, outcomes)
  if (rounds.length > 0) await new PublishCall({ ...terms, link, outcomes }, options).run(rounds)
  return outcomes.map((outcome) => outcome ?? { type: 'not-sent' })
}

/**
 * Decides what goes into which stream: rounds of chunks, at most one a stream, of which each waits for the one before. What
 * cannot be sent gets its outcome at once, and what follows it in its key is left out.
 */
function plan(
  terms: Terms,
  messages: readonly Message[],
  outcomes: (PublishOutcome | undefined)[],
): readonly Chunk[][] {
  const failed = new Set<string>()
  const open = new Map<
    string,
    { round: number; bytes: number; indexes: number[]; entries: Chunk['entries'][number][] }
  >()
  const rounds: Chunk[][] = []
  for (const [index, message] of messages.entries()) {
    const scope = orderingScope(message)
    if (failed.has(scope)) continue
    const fields = encodeMessage(message, terms.format)
    const bytes = sizeOf(fields)
    const refusal = refuse(terms, bytes, fields.length)
    if (refusal !== undefined) {
      failed.add(scope)
      outcomes[index] = refusal
      continue
    }
    const stream = terms.route(message)
    let chunk = open.get(stream)
    if (chunk === undefined || chunk.bytes + bytes > chunkBytes) {
      chunk = { round: chunk === undefined ? 0 : chunk.round + 1, bytes: 0, indexes: [], entries: [] }
      open.set(stream, chunk)
      const round = rounds[chunk.round] ?? []
      rounds[chunk.round] = round
      round.push({ stream, indexes: chunk.indexes, entries: chunk.entries })
    }
    chunk.bytes += bytes
    chunk.indexes.push(index)
    chunk.entries.push(fields)
  }
  return rounds
}

function refuse({ maxMessageBytes }: Terms, bytes: number, fields: number): PublishOutcome | undefined {
  if (bytes > maxMessageBytes) return tooLarge(bytes, maxMessageBytes)
  if (fields <= maxFields) return undefined
  const text = `The message has ${fields / 2} fields, an entry can have ${maxFields / 2}`
  return { type: 'rejected', retryable: false, error: new PublishError('BROKER_REJECTED', text) }
}
