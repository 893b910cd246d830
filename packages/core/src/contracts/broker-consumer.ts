import type { Message } from './message.ts'

/** Facts about a source of deliveries. */
export interface ConsumerCapabilities {
  /** What order the broker keeps in handing out: of a key across processes, of a key within one process, or none. */
  readonly ordering: 'key' | 'process' | 'none'
  /** The broker itself can deliver again after a delay. `false`: what has to wait does so in the adapter's process. */
  readonly delayedRetry: boolean
}

/** Where a delivery came from, in the broker's own terms. */
export interface DeliverySource {
  readonly topic: string
  readonly partition?: string
  readonly position?: string
}

/** What the broker handed over, undecoded. */
export interface RawDelivery {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly key?: string
}

/** One delivery of one message. */
export interface Delivery {
  readonly raw: RawDelivery
  /** Absent if {@link raw} is not a message of ours, for example without an id. */
  readonly message?: Message
  readonly source: DeliverySource
  /**
   * It may have been delivered before. A broker that does not say so (Kafka) counts as such what a member that is gone may
   * have had in hand: the deliveries of a partition after its assignment, the first `maxInFlight` and those before its first
   * commit. `false` is no promise.
   */
  readonly redelivered: boolean
  /** How often the broker has delivered it, this time included, where the broker counts. */
  readonly deliveryCount?: number
  /** Fires when the delivery is no longer ours, for example when its partition is taken away. An ack is then in vain. */
  readonly signal: AbortSignal
}

/** What the consumer wants done with a delivery. */
export type Disposition =
  /** Done: never deliver it again. */
  | { readonly type: 'ack' }
  /** Deliver it again, not before `delayMs`. */
  | { readonly type: 'retry'; readonly delayMs: number }
  /** Never deliver it again: it goes where the broker puts dead letters, or away. */
  | { readonly type: 'reject'; readonly reason: string }

export interface Subscription {
  /** Consumer group. */
  readonly group: string
  readonly topics: readonly string[]
  /** Deliveries without a disposition at most. */
  readonly maxInFlight: number
}

/** A running subscription. Disposing it stops new deliveries, waits for those in flight and gives the rest back. */
export interface ActiveSubscription extends AsyncDisposable {
  /** Stops new deliveries without leaving the group. */
  pause(): void
  resume(): void
  /** Resolves after disposal; rejects when the subscription ends by itself. */
  readonly closed: Promise<void>
}

/** Takes messages from a broker. Serves one `Consumer`. Implemented by broker adapters. Rules: `consume/*`, `consumer/*`. */
export interface BrokerConsumer {
  readonly specificationVersion: 'v1'
  readonly name: string
  readonly capabilities: ConsumerCapabilities
  /**
   * Calls `handle` in the broker's order, without waiting for it, up to `maxInFlight`; core serialises by key.
   *
   * - MUST deliver again what got no disposition, or `retry` (`consume/redelivers-on-retry`,
   *   `consume/redelivers-after-a-crash`).
   * - MUST NOT acknowledge before `handle` has resolved with `ack` (`consume/acks-after-handling`); a position-based broker
   *   acknowledges the contiguous prefix.
   * - A `handle` that rejects counts as `retry` without delay (`consume/rejecting-handler-counts-as-retry`).
   */
  consume(subscription: Subscription, handle: (delivery: Delivery) => Promise<Disposition>): Promise<ActiveSubscription>
  /**
   * How long after its publication the broker may still deliver a message again, in milliseconds: the longest of these topics.
   * `Infinity`: for ever. Absent or `null`: it cannot be known. Receipts must be kept for longer.
   */
  redeliveryWindowMs?(topics: readonly string[]): Promise<number | null>
  close(): Promise<void>
}
