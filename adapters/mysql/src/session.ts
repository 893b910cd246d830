import { WaybillError } from '@waybill/core/contracts'
import type { SqlExecutor, SqlTransaction, Statement, StatementResult } from '@waybill/sql'
import { CompiledQuery, SelectQueryNode } from 'kysely'
import type { Connection, Connector } from './connection.ts'
import { classifyMysqlError } from './errors.ts'

const begin = CompiledQuery.raw('begin')
const commit = CompiledQuery.raw('commit')
const rollback = CompiledQuery.raw('rollback')
/** Holds for the transaction, or the single statement, that comes next. */
const readCommitted = CompiledQuery.raw('set transaction isolation level read committed')

/** Beginnings of a transaction that keeps running into deadlocks. */
const attemptsAtMost = 5

/** Statements and transactions on one connection, in turn. */
export class Session implements SqlExecutor {
  readonly connector: Connector
  readonly #idleSeconds: number

  /** `idleSeconds`: the server ends a transaction that stands idle for so long. */
  constructor(connector: Connector, idleSeconds: number) {
    this.connector = connector
    this.#idleSeconds = idleSeconds
  }

  execute<Row>(statement: Statement<Row>): Promise<StatementResult<Row>> {
    return this.use(async (connection) => {
      if (!connection.own && !SelectQueryNode.is(statement.query)) await connection.query(readCommitted)
      return connection.query(statement)
    })
  }

  transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    return this.use((connection) => this.#transact(connection, () => work(steps(connection))))
  }

  /** Runs statements one after the other, and again from the first one after a deadlock. */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.connector.use(work)
      } catch (error) {
        const named = classifyMysqlError(error)
        const conflict = WaybillError.isInstance(named) && named.code === 'STORAGE_CONFLICT'
        if (!conflict || attempt === attemptsAtMost) throw named
      }
    }
  }

  async #transact<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
    await connection.query(connection.own ? waitTimeout(String(this.#idleSeconds)) : readCommitted)
    await connection.query(begin)
    try {
      const result = await work()
      await connection.query(commit)
      return result
    } catch (error) {
      // If this fails too, the connection is gone, and the transaction with it.
      await connection.query(rollback).catch(() => undefined)
      throw error
    } finally {
      if (connection.own) await connection.query(waitTimeout('@@global.wait_timeout')).catch(() => undefined)
    }
  }
}

/** After so many seconds without a statement the server closes the connection, and rolls back. */
function waitTimeout(seconds: string): Statement {
  return CompiledQuery.raw(`set session wait_timeout = ${seconds}`)
}

function steps(connection: Connection): SqlTransaction {
  const read = async <Row>(statement: Statement<Row>) => (await connection.query(statement)).rows
  return {
    read,
    glance: read,
    async write(statement) {
      await connection.query(statement)
    },
  }
}
