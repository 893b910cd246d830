import { WaybillError } from '@waybill/core/contracts'
import { CompiledQuery } from 'kysely'
import type { SqlExecutor, SqlTransaction, Statement, StatementResult } from '../executor.ts'
import type { Connection, Connector } from './connection.ts'

/** How a database runs statements on connections that are the storage's own, and on those that are not. */
export interface SessionKind {
  /** Names what the driver throws. */
  classify(error: unknown): unknown
  /** Runs one statement in a transaction of its own. */
  execute<Row>(connection: Connection, statement: Statement<Row>): Promise<StatementResult<Row>>
  /** Runs work in a transaction, with {@link inTransaction}. */
  transact<T>(connection: Connection, work: () => Promise<T>): Promise<T>
}

/** Beginnings of a transaction that others keep coming between. */
const attemptsAtMost = 5

/** Statements and transactions on one connection, in turn. */
export class Session implements SqlExecutor {
  readonly connector: Connector
  readonly #kind: SessionKind

  constructor(connector: Connector, kind: SessionKind) {
    this.connector = connector
    this.#kind = kind
  }

  execute<Row>(statement: Statement<Row>): Promise<StatementResult<Row>> {
    return this.use((connection) => this.#kind.execute(connection, statement))
  }

  transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    return this.use((connection) => this.#kind.transact(connection, () => work(steps(connection))))
  }

  /** Runs statements one after the other, and again from the first one after a conflict. */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.connector.use(work)
      } catch (error) {
        const named = this.#kind.classify(error)
        const conflict = WaybillError.isInstance(named) && named.code === 'STORAGE_CONFLICT'
        if (!conflict || attempt === attemptsAtMost) throw named
      }
    }
  }
}

const begin = CompiledQuery.raw('begin')
const commit = CompiledQuery.raw('commit')
const rollback = CompiledQuery.raw('rollback')

export async function inTransaction<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  await connection.query(begin)
  try {
    const result = await work()
    await connection.query(commit)
    return result
  } catch (error) {
    // If this fails too, the connection is gone, and the transaction with it.
    await connection.query(rollback).catch(() => undefined)
    throw error
  }
}

function steps(connection: Connection): SqlTransaction {
  const read = async <Row>(statement: Statement<Row>) => (await connection.query(statement)).rows
  return {
    read,
    glance: read,
    async write(statement) {
      if (connection.send === undefined) await connection.query(statement)
      else connection.send(statement)
    },
  }
}
