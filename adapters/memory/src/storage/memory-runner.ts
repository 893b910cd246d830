import { ConfigurationError, type TransactionOptions, type TransactionRunner } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import type { Schedule } from './schedule.ts'

/** Opens transactions on the database, each beside the others. */
export function memoryRunner(database: MemoryDatabase, schedule?: Schedule): TransactionRunner<MemoryTransaction> {
  return {
    async transaction(work, options = {}) {
      refuseIsolation(options)
      options.signal?.throwIfAborted()
      const tx = database.begin()
      const result = await runAndCommit(tx, () => orAborted(work(tx), options.signal), { ...options, schedule })
      try {
        await schedule?.('commit:visible')
      } finally {
        tx.releaseLocks()
      }
      await schedule?.('commit:reply')
      return result
    },
  }
}

interface CommitOptions {
  readonly signal?: AbortSignal
  readonly schedule: Schedule | undefined
}

async function runAndCommit<T>(tx: MemoryTransaction, work: () => Promise<T>, options: CommitOptions): Promise<T> {
  try {
    const result = await work()
    await options.schedule?.('commit')
    options.signal?.throwIfAborted()
    tx.makeVisible()
    return result
  } catch (error) {
    tx.rollback(options.signal?.reason)
    throw error
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function refuseIsolation({ isolation = 'read committed' }: TransactionOptions): void {
  if (isolation === 'read committed') return
  const rule = "must be 'read committed', which is all that the memory database has"
  throw new ConfigurationError('transaction', [{ option: 'isolation', value: isolation, rule }])
}
