import type { CrashMarks, Receipt, TransactionRunner } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { refuseForeign } from '../storage/memory-writer.ts'
import { rowKey } from './row-key.ts'

/** Beginnings of handlers by consumer and key. */
export const crashTable = 'waybill.inbox_crashes'

export interface StoredCrashes {
  readonly beginnings: number
  readonly begunAt: number
}

export function memoryCrashMarks(
  database: MemoryDatabase,
  { transaction }: TransactionRunner<MemoryTransaction>,
): CrashMarks<MemoryTransaction> {
  const end = async (tx: MemoryTransaction, { consumer, key }: Receipt) => {
    const row = rowKey(consumer, key)
    if (tx.get(crashTable, row) !== undefined) await tx.delete(crashTable, row)
  }
  return {
    count: async ({ consumer, key }) => beginnings(database.read(crashTable).get(rowKey(consumer, key))),
    begin: ({ consumer, key }) =>
      transaction(async (tx) => {
        const row = rowKey(consumer, key)
        await tx.lock(crashTable, row)
        const marks: StoredCrashes = {
          beginnings: beginnings(tx.get(crashTable, row)) + 1,
          begunAt: database.now(),
        }
        await tx.put(crashTable, row, marks)
        return marks.beginnings
      }),
    async end(tx, receipt) {
      refuseForeign(database, tx)
      await end(tx, receipt)
    },
    forget: (receipt) => transaction((tx) => end(tx, receipt)),
  }
}

function beginnings(stored: unknown): number {
  return (stored as StoredCrashes | undefined)?.beginnings ?? 0
}
