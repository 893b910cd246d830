import type { OutboxStorage } from '@waybill/core/contracts'

/** Bytes of a payload, unless something else is asked for: what a small event with a handful of fields takes. */
export const payloadBytes = 350

/** Keys, unless something else is asked for. */
export const usualKeys = 10_000

/** Messages that are written by the server itself, in one transaction for each hundred thousand. */
export interface Rows {
  readonly count: number
  /** @default 10,000 */
  readonly keys?: number
  /** In turn. @default orders */
  readonly topics?: readonly string[]
  /** @default PENDING */
  readonly status?: 'PENDING' | 'PUBLISHED'
  /** @default 350 */
  readonly payloadBytes?: number
}

export interface LoopOptions {
  readonly batchSize: number
  /** Published rows stay as PUBLISHED instead of being deleted. */
  readonly keeps: boolean
}

/**
 * What somebody would write by hand on the server's driver, with statements that the server keeps prepared. It reads what the
 * storage reads, knows no failure, no crash and no order, and has settled a batch before it asks for the next.
 */
export interface HandLoop extends AsyncDisposable {
  /** Answers how many rows it has read and settled; 0 when there are none. */
  next(): Promise<number>
}

export interface OpenStorageOptions {
  readonly keeps: boolean
  /** Other processes are told of messages, where the storage can do that. @default false */
  readonly wakeups?: boolean
}

export type BenchStorage = Pick<
  OutboxStorage<never>,
  'join' | 'leave' | 'claim' | 'markPublishing' | 'settle' | 'renew' | 'specificationVersion' | 'name' | 'wakeups'
>

export interface OpenStorage extends AsyncDisposable {
  readonly storage: BenchStorage
}

/** Transactions of a business on one connection: one order each. */
export interface Shop extends AsyncDisposable {
  /** Begin, insert, commit. */
  order(): Promise<void>
  /** The same with a message, enqueued between the two. Answers its id. */
  orderWithMessage(): Promise<string>
  /** One statement, without a transaction around it. */
  orderAtOnce?(): Promise<void>
  /** The same with a message in the statement. */
  orderWithMessageAtOnce?(): Promise<void>
}

export interface ShopOptions extends Pick<OpenStorageOptions, 'wakeups'> {
  /** Messages name the order as their aggregate. @default false */
  readonly aggregates?: boolean
}

export interface ShopStorage extends OpenStorage {
  open(): Promise<Shop>
}

/** A database with Waybill's tables and one of a business, on a server. */
export interface OutboxDatabase extends AsyncDisposable {
  /** For other processes. */
  readonly url: string
  empty(): Promise<void>
  add(rows: Rows): Promise<void>
  /** Removes the oldest rows, which leaves dead ones to all who cannot vacuum them away. */
  removeOldest(count: number): Promise<void>
  hasPending(): Promise<boolean>
  /** The planner learns how full the table is. */
  analyze(): Promise<void>
  /** The planner learns how full the table is, and believes that from then on until {@link analyze}. */
  freezeStatistics(): Promise<void>
  /** A transaction that has read, and has not written the outbox. It ends when disposed. */
  holdSnapshot(): Promise<AsyncDisposable>
  /** A transaction that has written a message and stays open. */
  openWriter(): Promise<AsyncDisposable>
  openStorage(options: OpenStorageOptions): OpenStorage
  bareLoop(options: LoopOptions): Promise<HandLoop>
  skipLockedLoop(options: LoopOptions): Promise<HandLoop>
  /** Producers; they share a storage. */
  openShops(options: ShopOptions): ShopStorage
  /** How many statements this database has been asked so far, by the server's own count. */
  statements(): Promise<{ readonly count: number; readonly unit: string }>
  /** Statements that change the indexes that only operators need, by what the table is then. */
  readonly indexChanges: Readonly<Record<string, string>>
  change(statement: string): Promise<unknown>
  /** Rows that were read by walking through the whole table, and entries of the index of pending rows. Absent where nobody counts. */
  scans?(): Promise<{ readonly sequential: number; readonly indexRows: number }>
}
