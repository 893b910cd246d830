import {
  type IsolationLevel,
  TransactionError,
  type TransactionOptions,
  type TransactionRunner,
} from '@waybill/core/contracts'
import { type AnyKysely, type AnyTransaction, untilAborted } from '@waybill/sql'
import type { Pool, PoolClient } from 'pg'
import { classifyPostgresError } from './errors.ts'

/** Transactions of the application's Kysely instance. */
export function kyselyRunner(db: AnyKysely): TransactionRunner<AnyTransaction> {
  return runner((work, isolation) => {
    const builder = db.transaction()
    return (isolation === undefined ? builder : builder.setIsolationLevel(isolation)).execute(work)
  })
}

/** Transactions on clients of the application's pool. */
export function poolRunner(pool: Pool): TransactionRunner<PoolClient> {
  return runner(async (work, isolation) => {
    const client = await pool.connect()
    // Nobody else listens to a client that is not in the pool, and its loss would end the process.
    client.on('error', ignore)
    try {
      await client.query(isolation === undefined ? 'begin' : `begin isolation level ${isolation}`)
      const result = await work(client)
      const { command } = await client.query('commit')
      if (command === 'ROLLBACK') throw rolledBack()
      client.off('error', ignore)
      client.release()
      return result
    } catch (error) {
      await client.query('rollback').catch(() => undefined)
      // What a failed work may still be doing must not run on a client that others use.
      client.release(true)
      throw error
    }
  })
}

type Execute<Tx> = <T>(work: (tx: Tx) => Promise<T>, isolation: IsolationLevel | undefined) => Promise<T>

/** What `work` rejects with passes unchanged; what goes wrong before and after it is named. */
function runner<Tx>(execute: Execute<Tx>): TransactionRunner<Tx> {
  return {
    async transaction<T>(work: (tx: Tx) => Promise<T>, { isolation, signal }: TransactionOptions = {}): Promise<T> {
      signal?.throwIfAborted()
      let working = false
      try {
        return await execute(async (tx) => {
          working = true
          const result = await untilAborted(work(tx), signal)
          working = false
          return result
        }, isolation)
      } catch (error) {
        if (working) throw error
        throw error instanceof Error && error.name === 'AbortedTransactionError'
          ? rolledBack()
          : classifyPostgresError(error)
      }
    },
  }
}

/** PostgreSQL answers the commit of a failed transaction with a rollback, and no error. */
function rolledBack(): TransactionError {
  return new TransactionError('The transaction was rolled back: an error in it was caught, and nothing was committed')
}

/** The next statement fails, and says why. */
function ignore(): void {}
