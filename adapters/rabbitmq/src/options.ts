import { ConfigurationError, type ConfigurationProblem, type Message } from '@waybill/core/contracts'
import type { RabbitmqAccess } from './connection.ts'
import type { MessageFormat } from './mapping.ts'

/** Where a message is published. */
export interface Route {
  readonly exchange: string
  readonly routingKey: string
}

export interface RabbitmqPublisherOptions {
  readonly rabbitmq: RabbitmqAccess
  /** @default the exchange is the topic, the routing key is the type of the message */
  readonly route?: (message: Message) => Route
  /** `create` declares missing exchanges, durable and of the type topic; `existing` answers `unavailable` for their topics. @default 'existing' */
  readonly topology?: 'existing' | 'create'
  /** @default 'waybill' */
  readonly format?: MessageFormat
  /** Largest payload with headers, in bytes. Not more than `max_message_size` of the server (16 MiB by default). @default 1048576 */
  readonly maxMessageBytes?: number
  /** Messages per call at most. @default 500 */
  readonly maxBatchMessages?: number
  /** Bytes that may be on their way, sent and not confirmed. @default 16777216 */
  readonly maxUnconfirmedBytes?: number
}

export interface RabbitmqConsumerOptions {
  readonly rabbitmq: RabbitmqAccess
  /** The queue of a group for a topic. @default `<topic>.<group>` */
  readonly queue?: (topic: string, group: string) => string
  /**
   * `create` declares a missing exchange (the topic) and queue: durable, a quorum queue, bound with `#`. A queue that exists
   * with other arguments is refused by RabbitMQ. @default 'existing'
   */
  readonly topology?: 'existing' | 'create'
  /**
   * One consumer of a queue is active at a time, so that a key keeps its order across processes. With `topology: 'create'` the
   * queue is made so; otherwise it says what the queue is. @default false
   */
  readonly singleActiveConsumer?: boolean
  /** For `topology: 'create'`: where rejected messages go, and those delivered more often than `deliveryLimit`. @default none: they are dropped */
  readonly deadLetterExchange?: string
  /** For `topology: 'create'`: `x-delivery-limit` of the queue. @default the server's own (20 in RabbitMQ 4) */
  readonly deliveryLimit?: number
  /** Told of what a subscription survives by itself, for example a lost connection. @default nobody is told */
  readonly onError?: (error: Error) => void
}

const bounds = {
  maxMessageBytes: [1, 512 * 2 ** 20],
  maxBatchMessages: [1, 2000],
  maxUnconfirmedBytes: [1, 2 ** 30],
  deliveryLimit: [1, 2 ** 31 - 1],
} as const

/** @throws {@link ConfigurationError} with all that is wrong. */
export function checkOptions(subject: string, options: RabbitmqPublisherOptions | RabbitmqConsumerOptions): void {
  const problems: ConfigurationProblem[] = []
  const given: Readonly<Record<string, unknown>> = { ...options }
  for (const [option, [min, max]] of Object.entries(bounds)) {
    const value = given[option]
    if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max)) continue
    problems.push({ option, value, rule: `must be an integer from ${min} to ${max}` })
  }
  if (!['undefined', 'existing', 'create'].includes(String(given['topology'])))
    problems.push({ option: 'topology', value: given['topology'], rule: "must be 'existing' or 'create'" })
  if (typeof options.rabbitmq !== 'function' && !isAddress(options.rabbitmq)) {
    const rule = "must have a `url` that begins with 'amqp:' or 'amqps:'"
    problems.push({ option: 'rabbitmq.url', value: '[hidden]', rule })
  }
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
}

function isAddress({ url }: Exclude<RabbitmqAccess, (...args: never) => unknown>): boolean {
  return typeof url === 'string' ? /^amqps?:\/\//.test(url) && URL.canParse(url) : typeof url === 'object'
}
