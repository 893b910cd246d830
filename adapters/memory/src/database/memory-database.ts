import { StorageError } from '@waybill/core/contracts'
import type { Position } from '@waybill/core/lanes'
import { LaneTables } from './lane-tables.ts'
import { MemoryTransaction } from './memory-transaction.ts'
import { MessageTable } from './message-table.ts'
import type { StoredMessage } from './stored-message.ts'
import { Tables } from './tables.ts'

export interface MemoryDatabaseOptions {
  /** The database's clock, in milliseconds since the epoch: it alone decides what is due. @default Date.now */
  readonly now?: () => number
  /** The first position that an insert draws. @default 1 */
  readonly firstPosition?: Position
}

/**
 * The state that several storages and inboxes share, as several processes share a database server.
 *
 * Positions are drawn at the insert and rows become visible at the commit, as with a sequence of a SQL database: the order
 * of positions is not the order of commits, and a rollback leaves a gap.
 */
export class MemoryDatabase {
  /** The database's clock. */
  readonly now: () => number
  readonly messages: MessageTable = new MessageTable()
  readonly lanes: LaneTables = new LaneTables(() => this.flush())
  readonly tables: Tables = new Tables()
  /** Transactions that hold their locks still, in the order of their beginning. */
  readonly transactions: Map<string, MemoryTransaction> = new Map()
  /** Identity of the database's history; a failover changes it. */
  epoch = 1
  /** The highest position drawn. */
  lastPosition: Position
  /** The highest position that has been committed. */
  committedPosition: Position
  /** The highest position whose commit no failover can forget. */
  durablePosition: Position
  /** How to take back what was committed and is not yet on the disk, oldest first. */
  readonly unflushed: (() => void)[] = []
  readonly #locks = new Map<string, MemoryTransaction>()
  #begun = 0

  constructor(options: MemoryDatabaseOptions = {}) {
    this.now = options.now ?? Date.now
    this.lastPosition = (options.firstPosition ?? 1) - 1
    this.committedPosition = this.lastPosition
    this.durablePosition = this.lastPosition
  }

  begin(): MemoryTransaction {
    const transaction = new MemoryTransaction(this, `tx-${++this.#begun}`)
    this.transactions.set(transaction.id, transaction)
    return transaction
  }

  /** The committed rows of a table. */
  read(table: string): ReadonlyMap<string, unknown> {
    return this.tables.view(table)
  }

  nextPosition(): Position {
    if (this.lastPosition >= Number.MAX_SAFE_INTEGER) {
      throw new StorageError('STORAGE_UNSUPPORTED', 'Positions have grown beyond the safe integers')
    }
    return ++this.lastPosition
  }

  /** Makes a row visible and answers how to take that back. */
  addMessage(stored: StoredMessage): () => void {
    this.messages.add(stored)
    this.committedPosition = Math.max(this.committedPosition, stored.row.position)
    return () => this.messages.remove(stored)
  }

  /** A commit, and how to take back each of its writes; it is on the disk after the next {@link flush}. */
  committed(undo: readonly (() => void)[]): void {
    if (undo.length === 0) return
    this.unflushed.push(() => {
      for (const takeBack of undo.toReversed()) takeBack()
    })
  }

  /** End of a durable commit: it and all commits before it are on the disk. */
  flush(): void {
    this.unflushed.length = 0
    this.durablePosition = this.committedPosition
  }

  /** Gives the lock to `candidate` if it is free, and answers who has it. */
  lockHolder(name: string, candidate: MemoryTransaction): MemoryTransaction {
    const holder = this.#locks.get(name) ?? candidate
    if (holder === candidate) this.#locks.set(name, candidate)
    return holder
  }

  ended(transaction: MemoryTransaction, locks: Iterable<string>): void {
    this.transactions.delete(transaction.id)
    for (const name of locks) this.#locks.delete(name)
  }
}

/** Makes an empty database. */
export function memoryDatabase(options?: MemoryDatabaseOptions): MemoryDatabase {
  return new MemoryDatabase(options)
}
