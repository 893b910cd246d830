import { type BrokerConsumer, WaybillError } from '@waybill/core/contracts'
import { checkOptions, type RabbitmqConsumerOptions } from './options.ts'
import { RabbitSubscription } from './subscription.ts'

export interface RabbitmqConsumer extends BrokerConsumer {
  /** For tests and simulations: ends all subscriptions as a killed process does. Nothing in hand is acknowledged. */
  crash(): void
}

/**
 * Takes messages from queues of RabbitMQ; the members of a group share its queues.
 *
 * Order: within this process, the messages of a key are handed over in the order of their queue. Across processes only with a
 * single active consumer.
 *
 * It does not tell `redeliveryWindowMs`: what is not acknowledged stays in its queue until somebody acknowledges it, or a policy
 * that only the broker knows removes it. Keep receipts for longer than a consumer may be down.
 *
 * @throws {@link ConfigurationError} with all that is wrong with the options.
 *
 * @example
 * ```ts
 * const source = rabbitmqConsumer({ rabbitmq: { url: 'amqps://billing:secret@rabbit.example/shop' } })
 * const consumer = new Consumer({ name: 'billing', source, inbox, messages })
 * ```
 */
export function rabbitmqConsumer(options: RabbitmqConsumerOptions): RabbitmqConsumer {
  checkOptions('rabbitmqConsumer', options)
  const subscriptions = new Set<RabbitSubscription>()
  let isClosed = false
  return {
    specificationVersion: 'v1',
    name: 'rabbitmq',
    capabilities: { ordering: options.singleActiveConsumer === true ? 'key' : 'process', delayedRetry: false },
    async consume(subscription, handle) {
      if (isClosed) {
        throw new WaybillError({ code: 'NOT_RUNNING', message: 'The consumer has been closed', retryable: false })
      }
      const active: RabbitSubscription = new RabbitSubscription(options, subscription, handle, () =>
        subscriptions.delete(active),
      )
      subscriptions.add(active)
      await active.start().catch((error: unknown) => {
        subscriptions.delete(active)
        throw error
      })
      return active
    },
    crash() {
      for (const subscription of subscriptions) subscription.crash()
      subscriptions.clear()
    },
    async close() {
      isClosed = true
      await Promise.all([...subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()))
      subscriptions.clear()
    },
  }
}
