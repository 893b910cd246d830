import type { BrokerConsumer, BrokerPublisher } from '@waybill/core/contracts'

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

/** A broker of the run's own, as the runner sees it. */
export interface Broker {
  readonly available: true
  /** For people, for example `Apache Kafka 4.1.1`. */
  readonly server: string
  /** What the processes of the run need to reach it. Travels as JSON. */
  readonly address: BrokerAddress
  /** It says no to a message also when some of the queues behind an exchange have taken it, the judge's own among them. */
  readonly refusesInPart: boolean
  /** Kills it without a warning and brings it back under the same address, with all that it had accepted. */
  restart(): Promise<void>
  /**
   * All that it has ever accepted, duplicates included, within a topic and key in its own order: told by the broker and by tools
   * that are not our library. Can be asked once: some brokers forget what has been read.
   */
  readLog(): Promise<readonly Acceptance[]>
  /** Lets go of everything. Safe to repeat. */
  stop(): Promise<void>
}

/** There is no such server on this machine, and why. */
export interface NoBroker {
  readonly available: false
  readonly reason: string
}

/** Which broker, and where. */
export interface BrokerAddress {
  readonly broker: BrokerName
  readonly url: string
}

export const brokerNames = ['log', 'kafka', 'rabbitmq', 'redis-streams'] as const
export type BrokerName = (typeof brokerNames)[number]

/** Where topics, exchanges, queues, streams and groups have to be made before anybody comes. */
export interface BrokerTerms {
  /** Of the run, for what the broker keeps. */
  readonly folder: string
  readonly topics: readonly string[]
  /** Consumer groups that will take from all topics. */
  readonly groups: readonly string[]
  /** More arguments of the server: for one that is broken on purpose. */
  readonly serverArguments?: readonly string[]
}

export type BrokerStarter = (terms: BrokerTerms) => Promise<Broker | NoBroker>

/** The relay's end. `relay` names the process in the broker's log. */
export type PublisherOpener = (address: BrokerAddress, relay: string) => BrokerPublisher

/** What one process takes from the broker. */
export interface Share {
  readonly group: string
  readonly topics: readonly string[]
  /** Stays the same when the process is replaced, where the broker knows its consumers by name; null: a new one each time. */
  readonly member: string | null
}

/** How the consumer processes of a run divide the work. */
export interface ConsumerPlan {
  /** Of each process. */
  readonly shares: readonly (readonly Share[])[]
  /** Topics whose keys keep their order up to the effect, as the adapter says; of the others it does not say so. */
  readonly ordered: readonly string[]
}

/** The consumer's end. */
export interface ConsumerKind {
  plan(consumers: number, topics: readonly string[]): ConsumerPlan
  open(address: BrokerAddress, share: Share, onError: (error: Error) => void): BrokerConsumer
}
