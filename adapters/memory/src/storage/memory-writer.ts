import { type OutboxMessage, type OutboxWriter, TransactionError } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import { MemoryTransaction } from '../database/memory-transaction.ts'
import { type Schedule, scheduled } from './schedule.ts'

/** Table whose row locks stand for advisory locks on keys. */
const keyLocks = 'waybill.keys'

/** Writes messages in the caller's transaction. */
export function memoryWriter(database: MemoryDatabase, schedule?: Schedule): Required<OutboxWriter<MemoryTransaction>> {
  return {
    specificationVersion: 'v1',
    name: 'memory',
    async insert(tx, messages) {
      refuseForeign(database, tx)
      if (messages.length === 0) return
      await tx.lockIds(messages)
      await scheduled(schedule, 'insert', () => tx.insertMessages(messages))
    },
    async lockKey(tx, scope) {
      refuseForeign(database, tx)
      await tx.lock(keyLocks, scope)
    },
    insertSync(tx: MemoryTransaction, messages: readonly OutboxMessage[]) {
      refuseForeign(database, tx)
      tx.insertMessages(messages)
    },
  }
}

/** @throws {@link TransactionError} for a handle that another database, or none, has made. */
export function refuseForeign(database: MemoryDatabase, handle: unknown): void {
  if (MemoryTransaction.isOf(database, handle)) return
  throw new TransactionError('The handle is no transaction of this memory database: use what begin() answered')
}
