import { type BrokerConsumer, WaybillError } from '@waybill/core/contracts'
import { makeClient } from './client.ts'
import { checkOptions, type RedisStreamsConsumerOptions } from './options.ts'
import { RedisSubscription } from './subscription.ts'

/**
 * Takes messages from Redis Streams as a member of a consumer group.
 *
 * Order: within this process, the messages of a key are handed over in the order of their stream. Redis gives the entries of
 * a stream to any member of a group, so that across processes the order holds only if a stream has one consumer.
 *
 * It does not tell `redeliveryWindowMs`: an entry stays pending until it is acknowledged, however long that takes. Keep receipts
 * for longer than a consumer may be down.
 *
 * @throws {@link ConfigurationError} with all that is wrong with the options.
 *
 * @example
 * ```ts
 * const source = redisStreamsConsumer({ redis: { host: 'redis.example', username: 'billing', password } })
 * const consumer = new Consumer({ name: 'billing', source, inbox, messages })
 * ```
 */
export function redisStreamsConsumer(options: RedisStreamsConsumerOptions): RedisStreamsConsumer {
  checkOptions('redisStreamsConsumer', options)
  makeClient('redisStreamsConsumer', options.redis).disconnect()
  const subscriptions = new Set<RedisSubscription>()
  let isClosed = false
  return {
    specificationVersion: 'v1',
    name: 'redis-streams',
    capabilities: { ordering: 'process', delayedRetry: false },
    async consume(subscription, handle) {
      if (isClosed) {
        throw new WaybillError({ code: 'NOT_RUNNING', message: 'The consumer has been closed', retryable: false })
      }
      const active: RedisSubscription = new RedisSubscription(options, subscription, handle, () =>
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

export interface RedisStreamsConsumer extends BrokerConsumer {
  /** For tests and simulations: ends all subscriptions as a killed process does. Nothing in hand is acknowledged or given back. */
  crash(): void
}
