import { ConfigurationError, type TransactionRunner } from '@waybill/core/contracts'
import type { Database } from './database.ts'
import type { NodeSqliteTransaction } from './options.ts'

/** Opens transactions: one connection each, one after the other, because SQLite has one writer. */
export function nodeSqliteRunner(database: Database): TransactionRunner<NodeSqliteTransaction> {
  return {
    async transaction(work, { isolation = 'serializable', signal } = {}) {
      if (isolation !== 'serializable') {
        const rule = "must be 'serializable', which is all that SQLite has"
        throw new ConfigurationError('transaction', [{ option: 'isolation', value: isolation, rule }])
      }
      return await database.transaction(work, signal)
    },
  }
}
