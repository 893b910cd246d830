import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { Harness } from '../rule.ts'
import type { OpaqueTransaction } from '../transaction.ts'

/** An inbox and what opens its transactions. */
export interface InboxConnection<Tx> {
  readonly inbox: InboxStorage<Tx>
  readonly runner: TransactionRunner<Tx>
}

/** One isolated inbox. */
export interface InboxHarness<Tx> extends Harness, InboxConnection<Tx> {
  /** Another process' view on the same receipts. */
  reopen?(): Promise<InboxConnection<Tx>>
  /** Transactions that write run one after the other: nobody meets another one that is open. */
  readonly oneWriter?: true
}

/** What inbox rules see. */
export type AnyInboxHarness = InboxHarness<OpaqueTransaction>
