import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { ConfigurationError, type ConfigurationProblem } from '@waybill/core/contracts'
import type { TopicSettings } from './client/client.ts'
import type { MessageFormat } from './mapping.ts'

/** How to authenticate. None of it stands in an error, a log or a health report. */
export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  /** `token` is called for every new connection. */
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

/** Which library talks to Kafka: `@platformatic/kafka` is the faster one, and needs Node 22.22 or 24.6. */
export type KafkaClientName = 'kafkajs' | '@platformatic/kafka'

/** Where Kafka is. We make the clients ourselves: their own options decide about loss and order, and cannot be read back. */
export interface KafkaConnection {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[]
  /** Stands in the broker's logs and quotas. @default 'waybill' */
  readonly clientId?: string
  /** `true` trusts what Node trusts; options as for `tls.connect`. @default false */
  readonly tls?: boolean | TlsOptions
  readonly sasl?: KafkaSasl
  /** How long to wait for a connection, in milliseconds. @default 3000 */
  readonly connectTimeoutMs?: number
  /** @default 'kafkajs' */
  readonly client?: KafkaClientName
  /** The Kafka topic of a topic: the same for publishers and consumers. @default the topic itself */
  readonly topicOf?: (topic: string) => string
}

export interface KafkaPublisherOptions extends KafkaConnection {
  /** How messages stand in records. Consumers read every format. @default 'waybill' */
  readonly format?: MessageFormat
  /** Of a record batch of one partition. @default 'none' */
  readonly compression?: 'none' | 'gzip'
  /**
   * Payload and headers of one message at most, in bytes; larger ones end DEAD at once. A topic's `max.message.bytes` counts
   * some more for the record batch: raise both. @default 1000000
   */
  readonly maxMessageBytes?: number
  /** Messages of one call at most. @default 500 */
  readonly maxBatchMessages?: number
  /** `create` makes missing topics, with `topicSettings`. @default 'existing' */
  readonly topology?: 'existing' | 'create'
  /** Of topics that `topology: 'create'` makes. @default the broker's own */
  readonly topicSettings?: Partial<TopicSettings>
  /** How long the number of partitions of a topic is believed, in milliseconds. @default 300000 */
  readonly metadataMaxAgeMs?: number
}

export interface KafkaConsumerOptions extends KafkaConnection {
  /** Where a group begins that has committed nothing yet. @default 'earliest' */
  readonly from?: 'earliest' | 'latest'
  /** A member that has not been heard of for so long loses its partitions, in milliseconds. @default 30000 */
  readonly sessionTimeoutMs?: number
  /** How long the group waits for its members when it divides the partitions anew, in milliseconds. @default 60000 */
  readonly rebalanceTimeoutMs?: number
  /** Positions are committed together, at most so often, in milliseconds. @default 100 */
  readonly commitIntervalMs?: number
}

export type ResolvedConnection = Required<Omit<KafkaConnection, 'sasl'>> & Pick<KafkaConnection, 'sasl'>
export type ResolvedPublisherOptions = ResolvedConnection &
  Required<Omit<KafkaPublisherOptions, keyof KafkaConnection | 'topicSettings'>> & {
    readonly topicSettings: TopicSettings
  }
export type ResolvedConsumerOptions = ResolvedConnection & Required<Omit<KafkaConsumerOptions, keyof KafkaConnection>>

const longest = 2 ** 31 - 1

/** @throws {@link ConfigurationError} with all that is wrong. */
export function resolvePublisherOptions(options: KafkaPublisherOptions): ResolvedPublisherOptions {
  const resolved: ResolvedPublisherOptions = {
    ...resolveConnection(options),
    format: options.format ?? 'waybill',
    compression: options.compression ?? 'none',
    maxMessageBytes: options.maxMessageBytes ?? 1_000_000,
    maxBatchMessages: options.maxBatchMessages ?? 500,
    topology: options.topology ?? 'existing',
    topicSettings: { partitions: -1, replicationFactor: -1, ...options.topicSettings },
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 300_000,
  }
  const { maxMessageBytes, maxBatchMessages, metadataMaxAgeMs, format } = resolved
  const problems = [
    ...connectionProblems(resolved),
    ...outOfRange({ maxMessageBytes, metadataMaxAgeMs }, 1, longest),
    // kafkajs copies arrays for each message of a partition: 20,000 in one call block the process for seconds.
    ...outOfRange({ maxBatchMessages }, 1, 1000),
  ]
  if (format !== 'waybill' && !format.cloudEvents.source)
    problems.push({ option: 'format.cloudEvents.source', value: '', rule: 'must be a URI reference that is not empty' })
  return checked('kafkaPublisher', resolved, problems)
}

/** @throws {@link ConfigurationError} with all that is wrong. */
export function resolveConsumerOptions(options: KafkaConsumerOptions): ResolvedConsumerOptions {
  const resolved: ResolvedConsumerOptions = {
    ...resolveConnection(options),
    from: options.from ?? 'earliest',
    sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
    commitIntervalMs: options.commitIntervalMs ?? 100,
  }
  const { sessionTimeoutMs, rebalanceTimeoutMs, commitIntervalMs } = resolved
  const problems = [
    ...connectionProblems(resolved),
    ...outOfRange({ sessionTimeoutMs, rebalanceTimeoutMs }, 500, longest),
    ...outOfRange({ commitIntervalMs }, 1, longest),
  ]
  return checked('kafkaConsumer', resolved, problems)
}

function resolveConnection(options: KafkaConnection): ResolvedConnection {
  return {
    brokers: options.brokers,
    clientId: options.clientId ?? 'waybill',
    tls: options.tls ?? false,
    connectTimeoutMs: options.connectTimeoutMs ?? 3000,
    client: options.client ?? 'kafkajs',
    topicOf: options.topicOf ?? ((topic) => topic),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
  }
}

function connectionProblems({ brokers, client, connectTimeoutMs }: ResolvedConnection): ConfigurationProblem[] {
  const problems = outOfRange({ connectTimeoutMs }, 1, longest)
  if (!Array.isArray(brokers) || brokers.length === 0)
    problems.push({ option: 'brokers', value: brokers, rule: "must be a list of 'host:port'" })
  // A URL may hold a password, so that it is not shown.
  else if (brokers.some((broker) => !/^(?:[^\s/@:]+|\[[\da-f:.]+\]):\d{1,5}$/i.test(broker)))
    problems.push({
      option: 'brokers',
      value: '[hidden]',
      rule: "each must be 'host:port', without scheme or credentials",
    })
  if (client !== 'kafkajs' && client !== '@platformatic/kafka')
    problems.push({ option: 'client', value: client, rule: "must be 'kafkajs' or '@platformatic/kafka'" })
  return problems
}

function outOfRange(values: Readonly<Record<string, number>>, min: number, max: number): ConfigurationProblem[] {
  return Object.entries(values).flatMap(([option, value]) => {
    const fits = Number.isSafeInteger(value) && value >= min && value <= max
    return fits ? [] : [{ option, value, rule: `must be an integer from ${min} to ${max}` }]
  })
}

function checked<T>(subject: string, resolved: T, problems: readonly ConfigurationProblem[]): T {
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
  return resolved
}
