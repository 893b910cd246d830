import { TransactionError, type TransactionRunner } from '@waybill/core/contracts'
import { type AnyKysely, type AnyTransaction, kyselyRunner, transactionRunner } from '@waybill/sql'
import type { Pool, PoolClient } from 'pg'
import { classifyPostgresError } from './errors.ts'

/** Transactions of the application's Kysely instance, or of its pool. */
export function postgresRunner(handle: { readonly db: AnyKysely }): TransactionRunner<AnyTransaction>
export function postgresRunner(handle: { readonly pool: Pool }): TransactionRunner<PoolClient>
export function postgresRunner(
  handle: { readonly db: AnyKysely } | { readonly pool: Pool },
): TransactionRunner<AnyTransaction> | TransactionRunner<PoolClient> {
  return 'db' in handle ? kyselyRunner(handle.db, { classify }) : poolRunner(handle.pool)
}

function poolRunner(pool: Pool): TransactionRunner<PoolClient> {
  return transactionRunner(
    async (work, isolation) => {
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
        await rollBack(client).catch(ignore)
        // What a failed work may still be doing must not run on a client that others use.
        client.release(true)
        throw error
      }
    },
    { classify },
  )
}

/** What a failed work sends from now on would come after the rollback, and commit by itself: it is refused. */
async function rollBack(client: PoolClient): Promise<void> {
  const query = client.query.bind(client)
  const refuse = async () => {
    throw new TransactionError('The transaction was rolled back, and takes no more statements')
  }
  client.query = refuse as typeof client.query
  await query('rollback')
}

function classify(error: unknown): unknown {
  return error instanceof Error && error.name === 'AbortedTransactionError'
    ? rolledBack()
    : classifyPostgresError(error)
}

/** PostgreSQL answers the commit of a failed transaction with a rollback, and no error. */
function rolledBack(): TransactionError {
  return new TransactionError('The transaction was rolled back: an error in it was caught, and nothing was committed')
}

/** What happens to the client shows at its next statement. */
function ignore(): void {}
