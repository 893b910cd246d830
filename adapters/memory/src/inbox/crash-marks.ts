import type { CrashMarks, Receipt, TransactionRunner } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { refuseForeign } from '../storage/memory-writer.ts'
import { rowKey } from './row-key.ts'

/** Beginnings of handlers by consumer and key: when each was begun, by its name. */
export const crashTable = 'waybill.inbox_crashes'

export type StoredCrashes = ReadonlyMap<string, number>

export function memoryCrashMarks(
  database: MemoryDatabase,
  { transaction }: TransactionRunner<MemoryTransaction>,
): CrashMarks<MemoryTransaction> {
  /** What others change at the same time is seen once they are done. */
  const change = async (
    tx: MemoryTransaction,
    { consumer, key }: Receipt,
    edit: (marks: Map<string, number>) => unknown,
  ) => {
    const row = rowKey(consumer, key)
    await tx.lock(crashTable, row)
    const before = marksOf(tx.get(crashTable, row))
    const marks = new Map(before)
    edit(marks)
    if (marks.size > 0) await tx.put(crashTable, row, marks)
    else if (before.size > 0) await tx.delete(crashTable, row)
  }
  return {
    list: async ({ consumer, key }) => [...marksOf(database.read(crashTable).get(rowKey(consumer, key))).keys()],
    begin: (receipt, beginning) =>
      transaction((tx) => change(tx, receipt, (marks) => marks.has(beginning) || marks.set(beginning, database.now()))),
    withdraw: (receipt, beginning) => transaction((tx) => change(tx, receipt, (marks) => marks.delete(beginning))),
    async end(tx, receipt) {
      refuseForeign(database, tx)
      await change(tx, receipt, (marks) => marks.clear())
    },
    forget: (receipt) => transaction((tx) => change(tx, receipt, (marks) => marks.clear())),
  }
}

function marksOf(stored: unknown): StoredCrashes {
  return (stored as StoredCrashes | undefined) ?? new Map()
}
