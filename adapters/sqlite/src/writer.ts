import type { OutboxMessage, OutboxWriter } from '@waybill/core/contracts'
import { type AnyTransaction, insertStatements, type SqlContext } from '@waybill/sql'
import type { Database, Statement } from 'better-sqlite3'
import { applicationTransaction } from './application-transaction.ts'
import { classifySqliteError } from './errors.ts'
import type { Home } from './home.ts'
import { requireKyselyTransaction, requireOpenTransaction } from './transaction.ts'

/** Kysely prepares at every call, so that one statement for many rows is faster; SQLite takes 32,766 values in one. */
const rowsPerStatement = 100

export interface SqliteWriter extends Required<Pick<OutboxWriter<AnyTransaction>, 'insert' | 'lockKey'>> {
  /** As `insert`. `tx` is the connection inside its transaction. */
  insertSync(tx: Database, messages: readonly OutboxMessage[]): void
}

export function sqliteWriter(context: SqlContext, home: Home): SqliteWriter {
  const statements = insertStatements(context)
  const prepared = preparedStatements()
  return {
    async insert(tx, messages) {
      const transaction = applicationTransaction(requireKyselyTransaction(tx), home)
      for (const statement of statements(messages, rowsPerStatement)) await transaction.execute(statement)
    },
    /** One transaction writes at a time, so that positions are drawn in the order of the commits without it. */
    async lockKey(tx) {
      requireKyselyTransaction(tx)
    },
    insertSync(tx, messages) {
      const database = requireOpenTransaction(tx)
      try {
        home.requireOwnSync(database)
        for (const { sql, parameters } of statements(messages, 1)) prepared(database, sql).run(...parameters)
      } catch (error) {
        throw classifySqliteError(error)
      }
    },
  }
}

/** Prepared statements of the application's connections, which live no longer for it. */
function preparedStatements(): (database: Database, sql: string) => Statement<unknown[]> {
  const byDatabase = new WeakMap<Database, Map<string, Statement<unknown[]>>>()
  return (database, sql) => {
    const known = byDatabase.get(database) ?? new Map<string, Statement<unknown[]>>()
    byDatabase.set(database, known)
    const statement = known.get(sql) ?? database.prepare<unknown[]>(sql)
    known.set(sql, statement)
    return statement
  }
}
