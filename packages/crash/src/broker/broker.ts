import type { BrokerPublisher } from '@waybill/core/contracts'

/** One message at the broker, as the broker itself tells it. */
export interface Acceptance {
  readonly id: string
  readonly topic: string
  readonly key: string | null
  readonly payload: string
  /** The process that published it. */
  readonly relay: string
  /** When the broker took it, in milliseconds since the epoch. */
  readonly at: number
}

/** A broker of the run's own, as the runner sees it. Another kind of broker implements this and {@link PublisherOpener}. */
export interface Broker {
  /** What relay processes need to reach it. Travels as JSON. */
  readonly address: BrokerAddress
  /** Kills it without a warning and brings it back under the same address, with all that it had accepted. */
  restart(): Promise<void>
  /** All that it has ever accepted, duplicates included, in its own order: told by the broker, not by our library. */
  readLog(): Promise<readonly Acceptance[]>
  /** Lets go of everything. Safe to repeat. */
  stop(): Promise<void>
}

/** Which broker, and where. */
export interface BrokerAddress {
  readonly broker: BrokerName
  readonly url: string
}

export const brokerNames = ['log'] as const
export type BrokerName = (typeof brokerNames)[number]

/** The relay's end. `relay` names the process in the broker's log. */
export type PublisherOpener = (address: BrokerAddress, relay: string) => BrokerPublisher
