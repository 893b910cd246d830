import { TransactionError } from '@waybill/core/contracts'
import {
  type AnyTransaction,
  kyselyExecutor,
  requireTransaction,
  type SqlExecutor,
  type Statement,
  type StatementResult,
} from '@waybill/sql'
import type { Connection, ResultSetHeader } from 'mysql2'
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

const inTransaction = 1
const autocommit = 2

/** @throws {@link TransactionError} for what is not in a transaction. */
export async function executorWithin(tx: MysqlTransaction): Promise<SqlExecutor> {
  if ('isTransaction' in tx) return withBuffers(kyselyExecutor(requireTransaction(tx), classifyMysqlError))
  const executor = withBuffers('executeSql' in tx ? foreignExecutor(tx) : connectionExecutor(tx))
  if (!('executeSql' in tx)) await requireOpenTransaction(tx)
  return executor
}

/**
 * Every answer of the server says whether it has a transaction open. Without autocommit the next statement opens one. A
 * transaction that DDL has ended, as it does in MySQL, is found too.
 */
async function requireOpenTransaction(connection: MysqlConnection): Promise<void> {
  if ('getConnection' in connection) throw new TransactionError('A pool is not a transaction: pass its connection')
  const { serverStatus } = (await run(connection, 'do 0', [])) as ResultSetHeader & { serverStatus: number }
  if ((serverStatus & inTransaction) !== 0 || (serverStatus & autocommit) === 0) return
  throw new TransactionError('The connection is not in a transaction: enqueue between begin and commit')
}

function connectionExecutor(connection: MysqlConnection): SqlExecutor {
  return {
    async execute<Row>({ sql, parameters }: Statement<Row>): Promise<StatementResult<Row>> {
      return toResult(await run(connection, sql, parameters))
    },
  }
}

async function run(connection: MysqlConnection, sql: string, values: readonly unknown[]): Promise<unknown> {
  // A connection of the callback flavour makes one of the other from itself.
  const promised: PromiseConnection = 'promise' in connection ? connection.promise() : connection
  try {
    const [result] = await promised.query({ sql, values: [...values], namedPlaceholders: false })
    return result
  } catch (error) {
    throw classifyMysqlError(error)
  }
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
