import {
  type ActiveSubscription,
  type BrokerConsumer,
  type ConsumerCapabilities,
  type Subscription,
  WaybillError,
} from '@waybill/core/contracts'
import { openClient } from '../client/open-client.ts'
import { type KafkaConsumerOptions, type ResolvedConsumerOptions, resolveConsumerOptions } from '../options.ts'
import { Membership } from './membership.ts'
import { redeliveryWindow } from './redelivery-window.ts'
import { type Handle, KafkaSubscription } from './subscription.ts'

/**
 * Takes messages from Kafka as a member of a consumer group. Offsets are committed when all before them has been handled.
 *
 * @throws `ConfigurationError` with all problems at once.
 */
export function kafkaConsumer(options: KafkaConsumerOptions): BrokerConsumer {
  return new KafkaConsumer(resolveConsumerOptions(options))
}

class KafkaConsumer implements BrokerConsumer {
  readonly specificationVersion = 'v1'
  readonly name = 'kafka'
  readonly capabilities: ConsumerCapabilities = { ordering: 'key', delayedRetry: false }
  readonly #options: ResolvedConsumerOptions
  readonly #subscriptions = new Set<KafkaSubscription>()
  #closed = false

  constructor(options: ResolvedConsumerOptions) {
    this.#options = options
  }

  async consume(terms: Subscription, handle: Handle): Promise<ActiveSubscription> {
    if (this.#closed) {
      throw new WaybillError({ code: 'NOT_RUNNING', message: 'The Kafka consumer has been closed', retryable: false })
    }
    const { group } = terms
    const { topicOf, from, sessionTimeoutMs, rebalanceTimeoutMs, commitIntervalMs } = this.#options
    const topics = new Map(terms.topics.map((topic) => [topicOf(topic), topic]))
    const subscription = new KafkaSubscription({ ...terms, commitIntervalMs, names: topics }, handle)
    const client = await openClient(this.#options, { compression: 'none' })
    const groupTerms = { group, topics: [...topics.keys()], from, sessionTimeoutMs, rebalanceTimeoutMs }
    await subscription.begin(new Membership(client, groupTerms, subscription))
    this.#subscriptions.add(subscription)
    const forget = () => this.#subscriptions.delete(subscription)
    subscription.closed.then(forget, forget)
    return subscription
  }

  async redeliveryWindowMs(topics: readonly string[]): Promise<number | null> {
    const client = await openClient(this.#options, { compression: 'none' })
    return redeliveryWindow(await client.readRetention(topics.map((topic) => this.#options.topicOf(topic))))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()))
  }
}
