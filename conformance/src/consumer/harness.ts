import type { BrokerConsumer, Message, RawDelivery } from '@waybill/core/contracts'
import type { Harness, Requirement } from '../rule.ts'

/** A consumer, a broker that holds nothing in the topics yet, and two groups that it does not know yet. */
export interface ConsumerHarness extends Harness {
  readonly consumer: BrokerConsumer
  readonly topics: readonly [string, string]
  readonly groups: readonly [string, string]
  /** Puts messages into their topics as the adapter's publisher does. Resolves when they are there. */
  publish(messages: readonly Message[]): Promise<void>
  /** Another process' consumer of the same broker. */
  another?(): Promise<BrokerConsumer>
  /** Ends `consumer` as a killed process does: its connections are gone, and nothing in flight is acknowledged. */
  crash?(): Promise<void>
  /** Puts something into a topic that no publisher of ours wrote. */
  publishForeign?(topic: string, raw: RawDelivery): Promise<void>
}

type ConsumerRequirement<Role> = Requirement<ConsumerHarness, Role>

export const another: ConsumerRequirement<() => Promise<BrokerConsumer>> = {
  name: 'another (a second process)',
  find: (harness) => harness.another?.bind(harness),
}

export const crash: ConsumerRequirement<() => Promise<void>> = {
  name: 'crash (a killed consumer)',
  find: (harness) => harness.crash?.bind(harness),
}

export const foreign: ConsumerRequirement<(topic: string, raw: RawDelivery) => Promise<void>> = {
  name: 'publishForeign (what another program writes)',
  find: (harness) => harness.publishForeign?.bind(harness),
}

export const keepsOrder: ConsumerRequirement<true> = {
  name: 'capability ordering',
  find: ({ consumer }) => consumer.capabilities.ordering !== 'none' || undefined,
}

export const ordersAcrossProcesses: ConsumerRequirement<true> = {
  name: "capability ordering 'key'",
  find: ({ consumer }) => consumer.capabilities.ordering === 'key' || undefined,
}

export const delayedRetry: ConsumerRequirement<true> = {
  name: 'capability delayedRetry',
  find: ({ consumer }) => consumer.capabilities.delayedRetry || undefined,
}
