import type { IsolationLevel, TransactionOptions, TransactionRunner } from '@waybill/core/contracts'
import { type AnyKysely, type AnyTransaction, untilAborted } from '@waybill/sql'
import { Kysely, MysqlDialect } from 'kysely'
import type { PoolConnection } from 'mysql2/promise'
import { classifyMysqlError } from './errors.ts'
import type { MysqlHandle, MysqlPool } from './options.ts'

/** Transactions on the application's Kysely. `isolation` is used where a call says none; absent: the session's own. */
export function kyselyRunner(db: AnyKysely, isolation?: IsolationLevel): TransactionRunner<AnyTransaction> {
  return {
    async transaction<T>(work: (tx: AnyTransaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
      const level = options.isolation ?? isolation
      const { signal } = options
      signal?.throwIfAborted()
      return classified((atWork) => {
        const builder = db.transaction()
        const begun = level === undefined ? builder : builder.setIsolationLevel(level)
        return begun.execute((tx) => atWork(() => untilAborted(work(tx), signal)))
      })
    },
  }
}

/** Transactions on connections of the application's pool. */
export function poolRunner(pool: MysqlPool, isolation?: IsolationLevel): TransactionRunner<PoolConnection> {
  const promised = 'pool' in pool ? pool : pool.promise()
  return {
    async transaction<T>(work: (tx: PoolConnection) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
      const level = options.isolation ?? isolation
      const { signal } = options
      signal?.throwIfAborted()
      return classified(async (atWork) => {
        const connection = await promised.getConnection()
        try {
          if (level !== undefined) await connection.query(`set transaction isolation level ${level}`)
          await connection.query('begin')
          const result = await atWork(() => untilAborted(work(connection), signal))
          await connection.query('commit')
          connection.release()
          return result
        } catch (error) {
          // Not given back: what an aborted `work` still does must not find it outside a transaction.
          connection.destroy()
          throw error
        }
      })
    },
  }
}

/** The application's Kysely, or one on its pool. */
export function kyselyOf(handle: MysqlHandle): AnyKysely {
  if (handle.db !== undefined) return handle.db
  const { pool } = handle
  return new Kysely({ dialect: new MysqlDialect({ pool: 'pool' in pool ? pool.pool : pool }) })
}

/** Names what befell the transaction. What `work` throws passes unchanged. */
async function classified<T>(transact: (atWork: <R>(work: () => Promise<R>) => Promise<R>) => Promise<T>): Promise<T> {
  let thrown: { readonly error: unknown } | undefined
  try {
    return await transact(async (work) => {
      try {
        return await work()
      } catch (error) {
        thrown = { error }
        throw error
      }
    })
  } catch (error) {
    throw thrown === undefined ? classifyMysqlError(error) : thrown.error
  }
}
