import { inTransaction, type SessionKind, type Statement } from '@waybill/sql'
import { CompiledQuery, SelectQueryNode } from 'kysely'
import { classifyMysqlError } from './errors.ts'

/** Holds for the transaction, or the single statement, that comes next. */
const readCommitted = CompiledQuery.raw('set transaction isolation level read committed')

/** @param idleSeconds - The server ends a transaction that stands idle for so long. */
export function sessionKind(idleSeconds: number): SessionKind {
  return {
    classify: classifyMysqlError,
    async execute(connection, statement) {
      if (!connection.own && !SelectQueryNode.is(statement.query)) await connection.query(readCommitted)
      return connection.query(statement)
    },
    async transact(connection, work) {
      await connection.query(connection.own ? waitTimeout(String(idleSeconds)) : readCommitted)
      try {
        return await inTransaction(connection, work)
      } finally {
        if (connection.own) await connection.query(waitTimeout('@@global.wait_timeout')).catch(() => undefined)
      }
    },
  }
}

/** After so many seconds without a statement the server closes the connection, and rolls back. */
function waitTimeout(seconds: string): Statement {
  return CompiledQuery.raw(`set session wait_timeout = ${seconds}`)
}
