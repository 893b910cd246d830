import type { OutboxMessage, OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { laneSource } from '@waybill/core/lanes'
import { nodeSqliteAdmin } from './admin.ts'
import { Database } from './database.ts'
import { nodeSqliteLaneStore } from './lane-store.ts'
import type { NodeSqliteOptions, NodeSqliteTransaction } from './options.ts'
import { nodeSqliteRunner } from './runner.ts'
import { nodeSqliteWriter } from './writer.ts'

export interface NodeSqliteStorage
  extends OutboxStorage<NodeSqliteTransaction>,
    TransactionRunner<NodeSqliteTransaction> {
  insertSync(tx: NodeSqliteTransaction, messages: readonly OutboxMessage[]): void
}

const dayMs = 86_400_000

// #region storage
/** An outbox in a SQLite file, which opens transactions too. */
export function nodeSqliteStorage(options: NodeSqliteOptions): NodeSqliteStorage {
  const database = new Database(options)
  const { retentionMs = dayMs, monotonicNow } = options
  const store = nodeSqliteLaneStore(database, retentionMs)
  return {
    // Everything that is decided about claims, leases, holds and crashes is decided in there, once for all databases.
    ...laneSource(store, monotonicNow === undefined ? {} : { monotonicNow }),
    ...nodeSqliteWriter(database),
    ...nodeSqliteAdmin(database),
    ...nodeSqliteRunner(database),
    async close() {
      database.close()
    },
  }
}
// #endregion
