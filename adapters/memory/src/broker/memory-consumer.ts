import type { BrokerConsumer } from '@waybill/core/contracts'
import { type MemoryBroker, memoryBroker } from './memory-broker.ts'
import { MemorySubscription } from './memory-subscription.ts'

export interface MemoryConsumerOptions {
  /** Where messages come from. @default a new one */
  readonly broker?: MemoryBroker
  /** What the consumer says of itself; it honours a delay in any case. @default true */
  readonly delayedRetry?: boolean
}

export interface MemoryConsumer extends BrokerConsumer {
  readonly broker: MemoryBroker
  /** For tests and simulations: ends all subscriptions as a killed process does. Nothing in flight is acknowledged. */
  crash(): void
}

/** Makes a consumer of a broker in memory. */
export function memoryConsumer(options: MemoryConsumerOptions = {}): MemoryConsumer {
  const { broker = memoryBroker(), delayedRetry = true } = options
  const subscriptions: MemorySubscription[] = []
  return {
    specificationVersion: 'v1',
    name: 'memory',
    capabilities: { ordering: 'key', delayedRetry },
    broker,
    async consume(subscription, handle) {
      const active = new MemorySubscription(broker, subscription, handle)
      subscriptions.push(active)
      return active
    },
    crash() {
      for (const subscription of subscriptions.splice(0)) subscription.crash()
    },
    async close() {
      await Promise.all(subscriptions.splice(0).map((subscription) => subscription[Symbol.asyncDispose]()))
    },
  }
}
