import { StorageError } from '@waybill/core/contracts'
import type { MemoryDatabase } from './database/memory-database.ts'

// For tests and simulations only: what a database server does to its clients on a bad day.

export interface FailoverOptions {
  /**
   * How many of the commits that were not yet on the disk survive, oldest first. Settlements of published messages are
   * such commits until the next durable one, and so is `makeVisible({ durable: false })`. @default 0
   */
  readonly survivors?: number
}

/**
 * Another server takes over: open transactions are gone, commits that were not on the disk are forgotten (published
 * messages are pending again), positions that were drawn above the highest remembered commit are drawn again, and the
 * epoch changes.
 */
export function failover(database: MemoryDatabase, options: FailoverOptions = {}): void {
  dropConnections(database)
  const lost = database.unflushed.splice(options.survivors ?? 0)
  for (const undo of lost.toReversed()) undo()
  let last = database.durablePosition
  for (const position of database.messages.positions()) last = Math.max(last, position)
  database.lastPosition = last
  database.committedPosition = last
  database.flush()
}

/**
 * The server ends all connections: open transactions roll back, their users find out at their next call, and the epoch
 * changes, for what a new connection reads may come from another history.
 */
export function dropConnections(database: MemoryDatabase): void {
  const reason = new StorageError('STORAGE_UNAVAILABLE', 'The connection to the memory database was lost')
  for (const transaction of database.transactions.values()) {
    if (transaction.open) transaction.rollback(reason)
    else transaction.releaseLocks()
  }
  database.lanes.current?.rollback()
  database.epoch++
}
