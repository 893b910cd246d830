import { TransactionError } from '@waybill/core/contracts'
import { type AnyTransaction, kyselyExecutor, requireTransaction, type SqlExecutor, type Statement } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import type { Connection } from 'mysql2'
import type { Connection as PromiseConnection } from 'mysql2/promise'
import { toResult } from './client-connection.ts'
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

/** Bits of what every answer of the server tells. */
const status = { inTransaction: 1, autocommit: 2, noBackslashEscapes: 512 } as const

/** @throws {@link TransactionError} for what is not in a transaction. */
export async function executorWithin(tx: MysqlTransaction): Promise<SqlExecutor> {
  if ('isTransaction' in tx) return withBuffers(kyselyExecutor(requireTransaction(tx), classifyMysqlError))
  return withBuffers('executeSql' in tx ? foreignExecutor(tx) : await connectionExecutor(tx))
}

/**
 * Without autocommit the next statement opens a transaction. One that DDL has ended, as it does in MySQL, is found too.
 *
 * @throws {@link TransactionError} for a connection that is not in a transaction.
 */
async function connectionExecutor(connection: MysqlConnection): Promise<SqlExecutor> {
  if ('getConnection' in connection) throw new TransactionError('A pool is not a transaction: pass its connection')
  // A connection of the callback flavour makes one of the other from itself.
  const promised: PromiseConnection = 'promise' in connection ? connection.promise() : connection
  const execute = async <Row>(how: 'query' | 'execute', { sql, parameters }: Statement<Row>) => {
    try {
      const options = { sql, values: [...parameters], namedPlaceholders: false }
      const [result] = await (how === 'query' ? promised.query(options) : promised.execute(options))
      return result
    } catch (error) {
      throw classifyMysqlError(error)
    }
  }
  const { serverStatus } = (await execute('query', CompiledQuery.raw('do 0'))) as { readonly serverStatus: number }
  const is = (bit: number) => (serverStatus & bit) !== 0
  if (!is(status.inTransaction) && is(status.autocommit)) {
    throw new TransactionError('The connection is not in a transaction: enqueue between begin and commit')
  }
  // The driver escapes with backslashes; a prepared statement has its values beside it.
  const how = is(status.noBackslashEscapes) ? 'execute' : 'query'
  return { execute: async (statement) => toResult(await execute(how, statement)) }
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
