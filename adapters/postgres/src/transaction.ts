import { TransactionError } from '@waybill/core/contracts'
import {
  type AnyTransaction,
  kyselyExecutor,
  requireTransaction,
  type SqlContext,
  type SqlExecutor,
  type Statement,
  type StatementResult,
} from '@waybill/sql'
import { sql } from 'kysely'
import type { ClientBase } from 'pg'
import { classifyPostgresError, notInTransaction } from './errors.ts'
import { preparingExecutor } from './preparing-executor.ts'
import { tableName } from './writers.ts'

/**
 * An open transaction of any other client or query builder.
 *
 * @example
 * ```ts
 * // postgres.js
 * await sql.begin(async (tx) => {
 *   await outbox.enqueue({ executeSql: (text, values) => tx.unsafe(text, values) }, 'order.placed', order)
 * })
 * ```
 */
export interface PostgresExecutor {
  /**
   * Runs one statement in the transaction. Parameters stand in `text` as `$1`, `$2`, …; values are texts, numbers, bytes and
   * nulls. The answer is not looked at.
   */
  executeSql(text: string, values: readonly (string | number | Uint8Array | null)[]): Promise<unknown>
}

/** What messages can be enqueued in: an open transaction of Kysely, of pg (a client between BEGIN and COMMIT) or of another client. */
export type PostgresTransaction = AnyTransaction | ClientBase | PostgresExecutor

/** Makes sure of the transaction before anything is written. */
export type OpenTransaction = (tx: PostgresTransaction) => Promise<SqlExecutor>

/** @throws {@link TransactionError} for whatever is not in an open transaction. */
export function openTransaction(context: SqlContext): OpenTransaction {
  // Takes the lock that the insert takes, and is refused outside a transaction.
  const lock = sql`lock table ${tableName(context)} in row exclusive mode`.compile(context.builder)
  return async (tx) => {
    if ('isTransaction' in tx) return kyselyExecutor(requireTransaction(tx), classifyPostgresError)
    if ('executeSql' in tx) {
      const executor = foreignExecutor(tx)
      await executor.execute(lock)
      return executor
    }
    if (!('query' in tx) || 'totalCount' in tx) {
      throw new TransactionError('A pool has no transaction: enqueue with the client that has run BEGIN')
    }
    const executor = clientInTransaction(tx)
    if (statusOf(tx) === null) await executor.execute(lock)
    return preparingExecutor(tx, executor)
  }
}

/** As {@link clientExecutor}. @throws {@link TransactionError} if the client says that it is not in a transaction. */
export function clientInTransaction(client: ClientBase): SqlExecutor {
  if (statusOf(client) === 'I') throw new TransactionError(notInTransaction)
  return clientExecutor(client)
}

/** `I`: idle. Drivers older than 8.17 do not tell. */
function statusOf(client: Partial<Pick<ClientBase, 'getTransactionStatus'>>): string | null {
  return client.getTransactionStatus?.() ?? null
}

/** Runs statements on a client of pg. */
export function clientExecutor(client: Pick<ClientBase, 'query'>): SqlExecutor {
  return {
    async execute<Row>({ sql: text, parameters }: Statement<Row>): Promise<StatementResult<Row>> {
      try {
        const { rows, rowCount, command } = await client.query({ text, values: [...parameters] })
        return { rows, affected: command === 'SELECT' ? 0 : (rowCount ?? 0) }
      } catch (error) {
        throw classifyPostgresError(error)
      }
    },
  }
}

function foreignExecutor(tx: PostgresExecutor): SqlExecutor {
  return {
    async execute({ sql: text, parameters }) {
      try {
        // Statements of the writer have no other values, and no rows to answer.
        await tx.executeSql(text, parameters as Parameters<PostgresExecutor['executeSql']>[1])
        return { rows: [], affected: 0 }
      } catch (error) {
        throw classifyPostgresError(error)
      }
    },
  }
}
