import { setImmediate as nextTurn } from 'node:timers/promises'
import { ConfigurationError, type TransactionOptions, type TransactionRunner } from '@waybill/core/contracts'
import {
  type AnyKysely,
  type AnyTransaction,
  endExclusively,
  onlyRow,
  type SqlContext,
  untilAborted,
} from '@waybill/sql'
import { CompiledQuery, sql } from 'kysely'
import { classifyEndedTransaction, classifySqliteError, classifyWorkError } from './errors.ts'
import { whileBusy } from './retry.ts'

export interface RunnerParts {
  readonly context: SqlContext
  readonly db: AnyKysely
  readonly lockTimeoutMs: number
}

type Settled<T> = { readonly type: 'done'; readonly result: T } | { readonly type: 'failed'; readonly error: unknown }

/**
 * Transactions on the application's Kysely, one after the other, since it has one connection.
 *
 * Kysely begins deferred transactions. One that reads before it writes fails with SQLITE_BUSY_SNAPSHOT, however long it may
 * wait, when somebody has written between. So each begins with a write that changes nothing: it takes the lock, as BEGIN
 * IMMEDIATE does, and it does not block the thread while others hold it.
 *
 * The driver answers at once, so that a transaction takes microtasks alone. Without a turn of the event loop before each, a
 * consumer with a backlog would let nothing else happen until it is through.
 */
export function sqliteRunner({ context, db, lockTimeoutMs }: RunnerParts): TransactionRunner<AnyTransaction> {
  const takeLock = lockTaker(context)
  return {
    async transaction<T>(work: (tx: AnyTransaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
      const { isolation = 'serializable', signal } = options
      if (isolation !== 'serializable') {
        const rule = "must be 'serializable': SQLite has no other level"
        throw new ConfigurationError('transaction', [{ option: 'isolation', value: isolation, rule }])
      }
      const attempt = async (): Promise<Settled<T>> => {
        let phase: 'begin' | 'work' | 'commit' = 'begin'
        let failed: { readonly error: unknown } | undefined
        await nextTurn()
        try {
          const inTransaction = async (tx: AnyTransaction): Promise<T> => {
            await takeLock(tx)
            phase = 'work'
            try {
              const result = await untilAborted(work(tx), signal)
              phase = 'commit'
              return result
            } catch (error) {
              failed = { error }
              throw error
            }
          }
          const result = await endExclusively((within) => db.transaction().execute((tx) => within(tx, inTransaction)))
          return { type: 'done', result }
        } catch (error) {
          if (phase === 'begin') throw error
          // SQLite rolls back by itself when the disk is full; Kysely's own rollback then fails, and hides why.
          return { type: 'failed', error: failed ? classifyWorkError(failed.error) : classifyEndedTransaction(error) }
        }
      }
      const settled = await whileBusy(attempt, { timeoutMs: lockTimeoutMs, signal }).catch((error: unknown) => {
        throw classifySqliteError(error)
      })
      if (settled.type === 'failed') throw settled.error
      return settled.result
    },
  }
}

/** Takes the write lock at once or fails. The application's busy timeout would block the thread. */
function lockTaker({ builder, table }: SqlContext): (tx: AnyTransaction) => Promise<void> {
  const touchNothing = builder
    .updateTable(table.meta)
    .set({ value: sql.ref('value') })
    .where(sql<boolean>`1 = 0`)
    .compile()
  let busyTimeoutMs: number | undefined
  return async (tx) => {
    const timeout = (query: string) => tx.executeQuery<{ readonly timeout: number }>(CompiledQuery.raw(query))
    busyTimeoutMs ??= onlyRow((await timeout('pragma busy_timeout')).rows).timeout
    await timeout('pragma busy_timeout = 0')
    try {
      await tx.executeQuery(touchNothing)
    } finally {
      await timeout(`pragma busy_timeout = ${busyTimeoutMs}`)
    }
  }
}
