import type { OpenConnection, Statement, StatementResult } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import { type ConnectionOptions, createConnection, type Connection as DriverConnection } from 'mysql2'
import { serverErrorNumber } from './errors.ts'

export interface ClientConnectionOptions {
  readonly config: ConnectionOptions
  /** Statements that give the session its settings. */
  readonly settings: readonly string[]
  /** 0 for none. */
  readonly statementTimeoutMs: number
}

/** Opens a connection of mysql2. */
export function clientConnection({ config, settings, statementTimeoutMs }: ClientConnectionOptions): OpenConnection {
  return async (lost) => {
    const driver = createConnection(config)
    const discard = () => {
      lost()
      driver.destroy()
    }
    driver.on('error', discard)
    // Not to be destroyed: the driver has yet to tell those who wait for an answer.
    driver.on('end', lost)
    const query = async <Row>(statement: Statement<Row>): Promise<StatementResult<Row>> => {
      try {
        return await runQuery(driver, statement, statementTimeoutMs)
      } catch (error) {
        const number = serverErrorNumber(error)
        if (number === undefined || lostSession.includes(number)) discard()
        throw error
      }
    }
    try {
      await new Promise<void>((resolve, reject) => driver.connect((error) => (error ? reject(error) : resolve())))
      for (const setting of settings) await query(CompiledQuery.raw(setting))
      const socket = 'stream' in driver ? driver.stream : undefined
      return { own: true, socket, query, end: () => new Promise((resolve) => driver.end(() => resolve())) }
    } catch (error) {
      discard()
      throw error
    }
  }
}

/** The server has ended the connection, or has become one that relays must not be connected to. */
const lostSession: readonly number[] = [1053, 1153, 1290, 1836, 1927, 3168, 4031]

function runQuery<Row>(
  driver: DriverConnection,
  { sql, parameters }: Statement<Row>,
  statementTimeoutMs: number,
): Promise<StatementResult<Row>> {
  const timeout = statementTimeoutMs === 0 ? {} : { timeout: statementTimeoutMs }
  return new Promise((resolve, reject) => {
    driver.query({ sql, values: [...parameters], ...timeout }, (error: Error | null, result: unknown) => {
      if (error) reject(error)
      else resolve(toResult(result))
    })
  })
}

/** Rows, or the header of a statement that answers none. */
export function toResult<Row>(result: unknown): StatementResult<Row> {
  // The driver types rows as its own; the statement knows what it answers.
  if (Array.isArray(result)) return { rows: result as readonly Row[], affected: 0 }
  return { rows: [], affected: (result as { affectedRows: number }).affectedRows }
}
