import { StorageError } from '@waybill/core/contracts'
import type { Statement, StatementResult } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import { type ConnectionOptions, createConnection, type Connection as DriverConnection } from 'mysql2'
import type { Connection, Connector } from './connection.ts'
import { serverErrorNumber } from './errors.ts'

export interface OwnConnectionOptions {
  readonly config: ConnectionOptions
  /** Statements that give the session its settings. */
  readonly settings: readonly string[]
  /** 0 for none. */
  readonly statementTimeoutMs: number
}

/** One connection of our own, opened at first use, and again after it broke. It lets the process end while it is idle. */
export class OwnConnection implements Connector {
  generation = 0
  readonly #options: OwnConnectionOptions
  #opening: Promise<Connection> | undefined
  #driver: DriverConnection | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: OwnConnectionOptions) {
    this.#options = options
  }

  use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#closed) throw new StorageError('STORAGE_UNAVAILABLE', 'The storage has been closed')
      this.#opening ??= this.#open()
      const connection = await this.#opening
      holdProcess(this.#driver, true)
      try {
        return await work(connection)
      } finally {
        holdProcess(this.#driver, false)
      }
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#turn
    const driver = this.#driver
    if (driver !== undefined) await new Promise<void>((resolve) => driver.end(() => resolve()))
  }

  async #open(): Promise<Connection> {
    const driver = createConnection(this.#options.config)
    driver.on('error', () => this.#discard(driver))
    driver.on('end', () => this.#discard(driver))
    this.#driver = driver
    try {
      await new Promise<void>((resolve, reject) => driver.connect((error) => (error ? reject(error) : resolve())))
      this.generation++
      const connection: Connection = { own: true, query: (statement) => this.#query(driver, statement) }
      for (const setting of this.#options.settings) await connection.query(CompiledQuery.raw(setting))
      return connection
    } catch (error) {
      this.#discard(driver)
      throw error
    }
  }

  async #query<Row>(driver: DriverConnection, statement: Statement<Row>): Promise<StatementResult<Row>> {
    try {
      return await runQuery(driver, statement, this.#options.statementTimeoutMs)
    } catch (error) {
      const number = serverErrorNumber(error)
      if (number === undefined || lostSession.includes(number)) this.#discard(driver)
      throw error
    }
  }

  #discard(driver: DriverConnection): void {
    if (this.#driver !== driver) return
    this.#driver = undefined
    this.#opening = undefined
    driver.destroy()
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

function holdProcess(driver: DriverConnection | undefined, hold: boolean): void {
  if (driver === undefined || !('stream' in driver)) return
  const stream = driver.stream as { ref?(): void; unref?(): void }
  if (hold) stream.ref?.()
  else stream.unref?.()
}
