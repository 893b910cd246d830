import type { BrokerConsumer, BrokerPublisher } from '@waybill/core/contracts'
import type { Broker } from '../harness/benchmark.ts'
import type { PlainMessage } from './plain-message.ts'

/** The client by itself, as somebody would use it by hand, at the durability that the adapter has. */
export interface Sender extends AsyncDisposable {
  /** Resolves when the broker has confirmed all of them. */
  send(messages: readonly PlainMessage[]): Promise<void>
}

/** A topic, an exchange with a queue, or a stream, for one benchmark alone. */
export interface Destination extends AsyncDisposable {
  readonly place: Place
  /** Messages that have come since {@link empty}, by the broker's own count. */
  received(): Promise<number>
  empty(): Promise<void>
}

/** Where another process finds a destination. */
export interface Place {
  readonly url: string
  readonly name: string
}

/** A broker by one of its clients. */
export interface Route {
  readonly broker: Broker
  readonly client: string
  openSender(place: Place): Promise<Sender>
  /** The adapter of Waybill. Every topic leads to the place. */
  openPublisher(place: Place): BrokerPublisher
  /** The adapter of Waybill. Whatever the topic, it takes what is at the place. */
  openConsumer(place: Place): BrokerConsumer
}

export interface BrokerKind {
  readonly routes: readonly Route[]
  openDestination(url: string): Promise<Destination>
}

/** A name that no other run has. */
export function newName(): string {
  return `bench-${crypto.randomUUID()}`
}
