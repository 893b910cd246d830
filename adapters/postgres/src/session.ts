import { WaybillError } from '@waybill/core/contracts'
import type { SqlExecutor, SqlTransaction, Statement, StatementResult } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import { type Connection, type Connector, type Settings, setSettings } from './connection.ts'
import { classifyPostgresError } from './errors.ts'

const begin = CompiledQuery.raw('begin')
const commit = CompiledQuery.raw('commit')
const rollback = CompiledQuery.raw('rollback')

/** Beginnings of a transaction that others keep coming between. */
const attemptsAtMost = 5

/** Statements and transactions on one connection, in turn, with the settings of their kind of work. */
export class Session implements SqlExecutor {
  readonly connector: Connector
  readonly #settings: Settings

  constructor(connector: Connector, settings: Settings) {
    this.connector = connector
    this.#settings = settings
  }

  execute<Row>(statement: Statement<Row>): Promise<StatementResult<Row>> {
    return this.#use((connection) =>
      connection.direct ? connection.query(statement) : this.#transact(connection, () => connection.query(statement)),
    )
  }

  async transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#use((connection) => this.#transact(connection, () => work(steps(connection))))
      } catch (error) {
        const conflict = WaybillError.isInstance(error) && error.code === 'STORAGE_CONFLICT'
        if (!conflict || attempt === attemptsAtMost) throw error
      }
    }
  }

  async #use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await this.connector.use(work)
    } catch (error) {
      throw classifyPostgresError(error)
    }
  }

  async #transact<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
    await connection.query(begin)
    try {
      if (!connection.direct) await connection.query(setSettings(this.#settings, 'transaction'))
      const result = await work()
      await connection.query(commit)
      return result
    } catch (error) {
      // If this fails too, the connection is gone, and the transaction with it.
      await connection.query(rollback).catch(() => undefined)
      throw error
    }
  }
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
