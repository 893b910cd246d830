import { Relay, type RelayOptions } from '@waybill/core'
import type { BrokerPublisher, Message, OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { Disruption } from '../disruption.ts'
import type { Harness } from '../rule.ts'
import type { OpaqueTransaction } from '../transaction.ts'

/** A storage and a broker, both empty, to be joined by relays. */
export interface RelayHarness<Tx> extends Harness {
  readonly storage: OutboxStorage<Tx>
  readonly runner: TransactionRunner<Tx>
  /** Another process' view on the same data. */
  reopen?(): Promise<OutboxStorage<Tx>>
  readonly publisher: BrokerPublisher
  /** Two topics that exist and are empty. */
  readonly topics: readonly [string, string]
  /** Everything that a reader of the topic gets, from its beginning; in the broker's order within each key. */
  read(topic: string): Promise<readonly Message[]>
  /** Cuts `publisher` off from the broker; `read` still reads it. */
  readonly disrupt?: Disruption
  /** For trying the rules on something else than the real relay. @default new Relay(options) */
  createRelay?(options: RelayOptions): Relay
}

/** What relay rules see. */
export type AnyRelayHarness = RelayHarness<OpaqueTransaction>

export function newRelay(harness: AnyRelayHarness, options: RelayOptions): Relay {
  return harness.createRelay?.(options) ?? new Relay(options)
}
