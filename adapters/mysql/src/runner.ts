import type { IsolationLevel, TransactionRunner } from '@waybill/core/contracts'
import { type AnyKysely, type AnyTransaction, kyselyRunner, transactionRunner } from '@waybill/sql'
import { Kysely, MysqlDialect } from 'kysely'
import type { PoolConnection } from 'mysql2/promise'
import { classifyMysqlError as classify } from './errors.ts'
import type { MysqlHandle, MysqlPool } from './options.ts'

/** Transactions on the application's Kysely. `isolation` is used where a call says none; absent: the session's own. */
export function mysqlKyselyRunner(db: AnyKysely, isolation?: IsolationLevel): TransactionRunner<AnyTransaction> {
  return kyselyRunner(db, { classify, isolation })
}

/** Transactions on connections of the application's pool. */
export function poolRunner(pool: MysqlPool, isolation?: IsolationLevel): TransactionRunner<PoolConnection> {
  const promised = 'pool' in pool ? pool : pool.promise()
  return transactionRunner(
    async (work, level) => {
      const connection = await promised.getConnection()
      try {
        if (level !== undefined) await connection.query(`set transaction isolation level ${level}`)
        await connection.query('begin')
        const result = await work(connection)
        await connection.query('commit')
        connection.release()
        return result
      } catch (error) {
        // Not given back: what an aborted `work` still does must not find it outside a transaction.
        connection.destroy()
        throw error
      }
    },
    { classify, isolation },
  )
}

/** The application's Kysely, or one on its pool. */
export function kyselyOf(handle: MysqlHandle): AnyKysely {
  if (handle.db !== undefined) return handle.db
  const { pool } = handle
  return new Kysely({ dialect: new MysqlDialect({ pool: 'pool' in pool ? pool.pool : pool }) })
}
