import type { InboxStorage, Receipt, ReceiptOutcome, TransactionRunner } from '@waybill/core/contracts'
import { type MemoryDatabase, memoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { pruneInBatches } from '../storage/memory-admin.ts'
import { memoryRunner } from '../storage/memory-runner.ts'
import { refuseForeign } from '../storage/memory-writer.ts'
import { type Schedule, scheduled } from '../storage/schedule.ts'
import { memoryCommands } from './commands.ts'
import { crashTable, memoryCrashMarks, type StoredCrashes } from './crash-marks.ts'
import { memoryInboxDeadLetters } from './dead-letters.ts'
import { rowKey } from './row-key.ts'
import { memoryTransitions } from './transitions.ts'

/** The table of the receipts: consumer and key, and when the receipt was recorded. */
const receiptTable = 'waybill.receipts'

export interface MemoryInboxOptions {
  /** The consumer's database. @default a new one */
  readonly database?: MemoryDatabase
  /** Awaited before and after each atomic step; for simulations. */
  readonly schedule?: Schedule
}

/** Receipts in memory, in the transaction of the effect, and the rest of the consuming side. */
export interface MemoryInbox extends Required<InboxStorage<MemoryTransaction>>, TransactionRunner<MemoryTransaction> {
  readonly database: MemoryDatabase
}

/**
 * Makes an inbox in memory.
 *
 * @example
 * const inbox = memoryInbox()
 * const consumer = new Consumer({ name: 'billing', source: memoryConsumer({ broker }), inbox, messages })
 */
export function memoryInbox(options: MemoryInboxOptions = {}): MemoryInbox {
  const { database = memoryDatabase(), schedule } = options
  const runner = memoryRunner(database, schedule)
  return {
    specificationVersion: 'v1',
    name: 'memory',
    database,
    ...runner,
    crashes: memoryCrashMarks(database, runner),
    deadLetters: memoryInboxDeadLetters(database, runner),
    commands: memoryCommands(database, runner),
    transitions: memoryTransitions(database),
    record: async (tx, receipts) => {
      refuseForeign(database, tx)
      return scheduled(schedule, 'record', () => recordAll(tx, receipts, database.now()))
    },
    prune: (options) =>
      pruneInBatches(options, (batchSize) =>
        scheduled(schedule, 'prune', () => pruneReceipts(database, options.olderThanMs, batchSize)),
      ),
  }
}

/** One after the other in the order of their keys, so that two batches cannot wait for each other in a circle. */
async function recordAll(
  tx: MemoryTransaction,
  receipts: readonly Receipt[],
  now: number,
): Promise<readonly ReceiptOutcome[]> {
  const outcomes: ReceiptOutcome[] = []
  const sorted = receipts.map((receipt, index) => ({ key: rowKey(receipt.consumer, receipt.key), index }))
  sorted.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : left.index - right.index))
  for (const { key, index } of sorted) outcomes[index] = await recordOne(tx, key, now)
  return outcomes
}

/** The lock makes a second transaction wait; then it sees the receipt of the first, if that has committed. */
async function recordOne(tx: MemoryTransaction, key: string, now: number): Promise<ReceiptOutcome> {
  await tx.lock(receiptTable, key)
  if (tx.get(receiptTable, key) !== undefined) return 'duplicate'
  await tx.put(receiptTable, key, now)
  return 'recorded'
}

function pruneReceipts(database: MemoryDatabase, olderThanMs: number, batchSize: number): number {
  const oldest = database.now() - olderThanMs
  const old = [...database.read(receiptTable)].filter(([, recordedAt]) => Number(recordedAt) <= oldest)
  for (const [key, marks] of [...database.read(crashTable)]) {
    if (Math.max(...(marks as StoredCrashes).values()) <= oldest) database.tables.apply(crashTable, key, null)
  }
  const batch = old.slice(0, batchSize)
  for (const [key] of batch) database.tables.apply(receiptTable, key, null)
  if (batch.length > 0) database.flush()
  return batch.length
}
