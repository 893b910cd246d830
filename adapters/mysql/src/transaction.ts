import { type AnyTransaction, kyselyExecutor, requireTransaction, type SqlExecutor } from '@waybill/sql'
import type { Connection } from 'mysql2'
import type { Connection as PromiseConnection } from 'mysql2/promise'
import { connectionExecutor } from './connection-executor.ts'
import { classifyMysqlError } from './errors.ts'

/**
 * An open transaction of any other client or query builder.
 *
 * @example
 * ```ts
 * // Prisma
 * await prisma.$transaction(async (tx) => {
 *   const executor = { executeSql: (text, values) => tx.$executeRawUnsafe(text, ...values) }
 *   await outbox.enqueue(executor, 'order.placed', order)
 * })
 * ```
 */
export interface MysqlExecutor {
  /**
   * Runs one statement in the transaction. Parameters stand in `text` as `?`; values are texts, numbers, bytes and nulls. The
   * answer is not looked at.
   */
  executeSql(text: string, values: readonly (string | number | Uint8Array | null)[]): Promise<unknown>
}

/** A connection of mysql2 between `begin` and `commit`. A pool does not fit: each of its statements may be on another one. */
export type MysqlConnection = (Connection | PromiseConnection) & { readonly getConnection?: never }

/** What messages can be enqueued in: an open transaction of Kysely, of mysql2 or of another client. */
export type MysqlTransaction = AnyTransaction | MysqlConnection | MysqlExecutor

/** @throws {@link TransactionError} for what is not in a transaction. */
export async function executorWithin(tx: MysqlTransaction): Promise<SqlExecutor> {
  if ('isTransaction' in tx) return withBuffers(kyselyExecutor(requireTransaction(tx), classifyMysqlError))
  return withBuffers('executeSql' in tx ? foreignExecutor(tx) : await connectionExecutor(tx))
}

function foreignExecutor(executor: MysqlExecutor): SqlExecutor {
  return {
    async execute({ sql, parameters }) {
      try {
        await executor.executeSql(sql, parameters as readonly (string | number | Uint8Array | null)[])
        return { rows: [], affected: 0 }
      } catch (error) {
        throw classifyMysqlError(error)
      }
    },
  }
}

function withBuffers(executor: SqlExecutor): SqlExecutor {
  return {
    execute: (statement) => executor.execute({ ...statement, parameters: statement.parameters.map(toBuffer) }),
  }
}

/** mysql2 writes a Buffer as bytes, and any other Uint8Array as an object. */
export function toBuffer(value: unknown): unknown {
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
