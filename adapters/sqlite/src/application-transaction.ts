import { StorageError } from '@waybill/core/contracts'
import { type AnyTransaction, kyselyExecutor, type SqlExecutor } from '@waybill/sql'
import { CompiledQuery, type DatabaseConnection } from 'kysely'
import { classifySqliteError } from './errors.ts'
import type { Home } from './home.ts'

/**
 * Runs our statements in a transaction of the application, each only if it is open still and of the right database.
 *
 * When the disk is full or fails, SQLite rolls a transaction back by itself. Kysely does not see that, and in its transaction
 * each further statement would commit on its own: a message whose business has been undone.
 */
export function applicationTransaction(tx: AnyTransaction, home: Home): SqlExecutor {
  const executor = tx.getExecutor()
  return kyselyExecutor(
    {
      // In one turn on the connection, lest another statement of the transaction ends it between the look and ours.
      executeQuery: (statement) =>
        executor.provideConnection(async (connection) => {
          await requireOpen(connection)
          await home.requireOwn(tx, connection)
          return connection.executeQuery(statement)
        }),
    },
    classifySqliteError,
  )
}

/** SQLite tells by no statement whether a transaction is open, except that it refuses to begin another one in it. */
async function requireOpen(connection: DatabaseConnection): Promise<void> {
  // Beneath Kysely's logging, which replaces the method of the instance: it would log an error with every enqueue.
  const { executeQuery }: DatabaseConnection = Object.getPrototypeOf(connection)
  const execute = (executeQuery ?? connection.executeQuery).bind(connection)
  try {
    await execute(CompiledQuery.raw('begin'))
  } catch (error) {
    if (error instanceof Error && error.message.includes('within a transaction')) return
    throw error
  }
  await execute(CompiledQuery.raw('rollback'))
  throw new StorageError(
    'STORAGE_UNAVAILABLE',
    'The transaction is not open any more. SQLite rolls back by itself when the disk fails or is full: look at the disk, ' +
      'and let errors of earlier statements end the transaction',
  )
}
