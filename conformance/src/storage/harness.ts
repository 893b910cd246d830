import type { OutboxMessage, OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { Disruption } from '../disruption.ts'
import type { Harness, Requirement } from '../rule.ts'
import type { OpaqueTransaction } from '../transaction.ts'

/** A transaction that stays open until told otherwise. */
export interface OpenTransaction<Tx> {
  readonly tx: Tx
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** A row of another program's INSERT: only what has no default. */
export interface PlainRow {
  readonly id: string
  readonly topic: string
  readonly type: string
  readonly payload: Uint8Array
  readonly orderingKey?: string
}

/**
 * One isolated outbox: fresh tables, a fresh file. Published messages must be kept (a retention that is not 0), or the rules
 * on history cannot look.
 */
export interface StorageHarness<Tx> extends Harness {
  readonly storage: OutboxStorage<Tx>
  readonly runner: TransactionRunner<Tx>
  /** Another process' view: a second adapter on the same data that shares nothing in memory with the first. */
  reopen?(): Promise<OutboxStorage<Tx>>
  /** A handle that the types accept and that is not inside a transaction, if the driver has such a thing. */
  outsideTransaction?(): Tx
  /** Runs synchronous work in a transaction, for storages with `insertSync`. */
  transactionSync?(work: (tx: Tx) => void): void
  /** Opens a transaction beside others. For databases with several writers at a time. */
  openTransaction?(): Promise<OpenTransaction<Tx>>
  /** Transactions that write run one after the other; instead of {@link openTransaction}. Verified where it matters. */
  readonly oneWriter?: true
  readonly disrupt?: Disruption
  /** What another program does: a plain INSERT of these columns, committed. */
  plainInsert?(rows: readonly PlainRow[]): Promise<void>
}

/** What storage rules see. */
export type AnyStorageHarness = StorageHarness<OpaqueTransaction>

type StorageRequirement<Role> = Requirement<AnyStorageHarness, Role>

/** How transactions of the database meet. */
export type Writers =
  | { readonly type: 'one' }
  | { readonly type: 'several'; open(): Promise<OpenTransaction<OpaqueTransaction>> }

export const writers: StorageRequirement<Writers> = {
  name: 'openTransaction (several writers at a time) and no oneWriter',
  find(harness) {
    if (harness.oneWriter === true) return { type: 'one' }
    const { openTransaction } = harness
    return openTransaction && { type: 'several', open: openTransaction.bind(harness) }
  },
}

export const disruption: StorageRequirement<Disruption> = {
  name: 'disrupt (cutting the database off)',
  find: (harness) => harness.disrupt,
}

export const keyLock: StorageRequirement<NonNullable<OutboxStorage<OpaqueTransaction>['lockKey']>> = {
  name: 'lockKey (a lock on an ordering key)',
  find: ({ storage }) => storage.lockKey?.bind(storage),
}

export const plainInsert: StorageRequirement<(rows: readonly PlainRow[]) => Promise<void>> = {
  name: "plainInsert (another program's INSERT)",
  find: (harness) => harness.plainInsert?.bind(harness),
}

type Sync = Required<Pick<AnyStorageHarness, 'transactionSync'>> & {
  insertSync(tx: OpaqueTransaction, messages: readonly OutboxMessage[]): void
}

export const synchronous: StorageRequirement<Sync> = {
  name: 'insertSync and transactionSync (a synchronous driver)',
  find: ({ storage, transactionSync }) => {
    if (storage.insertSync === undefined || transactionSync === undefined) return undefined
    return { transactionSync, insertSync: storage.insertSync.bind(storage) }
  },
}
