import type { InboxStorage, OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { RawBuilder } from 'kysely'
import type { CrashKysely, CrashTransaction } from './tables.ts'

export const storageNames = ['postgres', 'mysql', 'mariadb', 'sqlite'] as const
export type StorageName = (typeof storageNames)[number]

/** A database of the run's own. */
export interface RunDatabase {
  readonly available: true
  /** For people, for example `PostgreSQL 17.11`. */
  readonly server: string
  /** URL, or the path of a file: what the processes of the run open. */
  readonly address: string
  drop(): Promise<void>
}

/** There is no such server on this machine, and why. */
export interface NoDatabase {
  readonly available: false
  readonly reason: string
}

export interface StorageSettings {
  /** Published rows are kept for a day, or removed at once. */
  readonly rows: 'kept' | 'deleted'
  readonly leaseMs: number
}

export type RelayStorage = Omit<OutboxStorage<never>, 'insertSync'>

/** What a relay's process opens: as few things of ours as possible, so that an older build of the adapters fits too. */
export interface OpenedForRelay {
  readonly storage: RelayStorage
  close(): Promise<void>
}

/** What producers, consumers, the operator and the judge open. */
export interface OpenedForWork {
  readonly db: CrashKysely
  readonly storage: Omit<OutboxStorage<CrashTransaction>, 'insertSync'> & TransactionRunner<CrashTransaction>
  readonly inbox: InboxStorage<CrashTransaction> & TransactionRunner<CrashTransaction>
  /** The database's clock at the moment of the statement, in whole milliseconds. */
  readonly now: RawBuilder<number>
  close(): Promise<void>
}

/** One database product, as the run needs it. */
export interface StorageKind {
  /** One transaction writes at a time: whoever dawdles in it holds up all others. */
  readonly singleWriter: boolean
  /** The type of a column that numbers rows as they are inserted. */
  readonly numbering: 'serial' | 'integer'
  /** Whether the driver's error says that a transaction was given up for the sake of another one. */
  isConflict(error: unknown): boolean
  /** @param folder - Of the run, removed at its end. */
  createDatabase(folder: string): Promise<RunDatabase | NoDatabase>
  migrate(work: OpenedForWork): Promise<void>
  openForRelay(address: string, settings: StorageSettings): Promise<OpenedForRelay>
  openForWork(address: string, connections: number): Promise<OpenedForWork>
}
