import { TransactionError } from '@waybill/core/contracts'
import type { SqlExecutor, Statement } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import type { Connection as PromiseConnection } from 'mysql2/promise'
import { toResult } from './client-connection.ts'
import { guard } from './dialect.ts'
import { classifyMysqlError, serverErrorNumber } from './errors.ts'
import type { MysqlConnection } from './transaction.ts'

/** Bits of what every answer of the server tells. */
const status = { inTransaction: 1, autocommit: 2, noBackslashEscapes: 512 } as const

/** As many as one message has: of statements for more there are too many to keep each prepared. */
const mostParameters = 14

/** Connections to MariaDB, or to MySQL, by the driver's own object, of which there is one. */
const isMariadb = new WeakMap<object, boolean>()

/**
 * Without autocommit the next statement opens a transaction. One that DDL has ended, as it does in MySQL, is found too.
 *
 * MySQL is asked before each enqueue. On MariaDB the insert of one message looks by itself, which saves a round trip.
 *
 * @throws {@link TransactionError} for a connection that is not in a transaction.
 */
export async function connectionExecutor(connection: MysqlConnection): Promise<SqlExecutor> {
  if ('getConnection' in connection) throw new TransactionError('A pool is not a transaction: pass its connection')
  // A connection of the callback flavour makes one of the other from itself.
  const promised: PromiseConnection = 'promise' in connection ? connection.promise() : connection
  const driver: object = Object(promised).connection ?? connection
  if (isMariadb.get(driver) === true) return lookingExecutor(promised)
  const executor = await askingExecutor(promised)
  if (!isMariadb.has(driver)) {
    const { rows } = await executor.execute<{ version: string }>(CompiledQuery.raw('select version() as version'))
    isMariadb.set(driver, rows[0]?.version.includes('MariaDB') === true)
  }
  return executor
}

/** Inserts that look for the transaction themselves need nobody who asks before. */
function lookingExecutor(connection: PromiseConnection): SqlExecutor {
  let asking: Promise<SqlExecutor> | undefined
  return {
    async execute(statement) {
      const looks = statement.sql.includes(guard) && statement.parameters.length <= mostParameters
      if (looks) return toResult(await send(connection, 'execute', statement))
      asking ??= askingExecutor(connection)
      return (await asking).execute(statement)
    },
  }
}

async function askingExecutor(connection: PromiseConnection): Promise<SqlExecutor> {
  const { serverStatus } = (await send(connection, 'query', CompiledQuery.raw('do 0'))) as { serverStatus: number }
  const is = (bit: number) => (serverStatus & bit) !== 0
  if (!is(status.inTransaction) && is(status.autocommit)) throw new TransactionError(notInTransaction)
  // The driver escapes with backslashes; a prepared statement has its values beside it.
  const how = is(status.noBackslashEscapes) ? 'execute' : 'query'
  return { execute: async (statement) => toResult(await send(connection, how, statement)) }
}

const notInTransaction = 'The connection is not in a transaction: enqueue between begin and commit'

async function send(
  connection: PromiseConnection,
  how: 'query' | 'execute',
  { sql, parameters }: Statement,
): Promise<unknown> {
  try {
    const options = { sql, values: [...parameters], namedPlaceholders: false }
    const [result] = await (how === 'query' ? connection.query(options) : connection.execute(options))
    return result
  } catch (error) {
    // The id, which is never null otherwise.
    const hasNoId = serverErrorNumber(error) === 1048 && sql.includes(guard)
    throw hasNoId ? new TransactionError(notInTransaction) : classifyMysqlError(error)
  }
}
