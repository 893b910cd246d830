import type { InboxStorage, Receipt, TransactionRunner } from '@waybill/core/contracts'
import type { OrderPlaced } from '../../relaying/sample-message.ts'

/**
 * A database by one of its clients, as a consuming service uses it. What is written by hand and what is written through the
 * inbox goes over the same connections, into the same tables.
 */
export interface ConsumingClient<Tx> extends AsyncDisposable {
  readonly inbox: InboxStorage<Tx> & TransactionRunner<Tx>
  /** What the business writes for each order, in one statement. */
  write(tx: Tx, orders: readonly OrderPlaced[]): Promise<void>
  /**
   * What somebody writes by hand: begin, the receipt unless it is there, the business write if it was not, commit.
   *
   * @param receipt - `null`: no receipt at all.
   */
  byHand(order: OrderPlaced, receipt: Receipt | null): Promise<void>
  /** Runs one statement outside transactions. */
  ask(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}
