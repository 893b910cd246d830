import type { BrokerPublisher, Message } from '@waybill/core/contracts'
import type { Disruption } from '../disruption.ts'
import type { Harness, Requirement } from '../rule.ts'

/** A publisher and a broker that holds nothing in the two topics yet. */
export interface PublisherHarness extends Harness {
  readonly publisher: BrokerPublisher
  /** Two topics that exist and are empty. */
  readonly topics: readonly [string, string]
  /** Everything that a reader of the topic gets, from its beginning; in the broker's order within each key. */
  read(topic: string): Promise<readonly Message[]>
  /** A topic that the broker does not have and does not make by itself. */
  readonly missingTopic?: string
  readonly disrupt?: Disruption
}

type PublisherRequirement<Role> = Requirement<PublisherHarness, Role>

export const atomicPerKey: PublisherRequirement<true> = {
  name: 'capability atomicPerKey',
  find: ({ publisher }) => publisher.capabilities.atomicPerKey || undefined,
}

export const missingTopic: PublisherRequirement<string> = {
  name: 'missingTopic (a topic that does not come into being by itself)',
  find: (harness) => harness.missingTopic,
}

export const disruption: PublisherRequirement<Disruption> = {
  name: 'disrupt (cutting the server off)',
  find: (harness) => harness.disrupt,
}
