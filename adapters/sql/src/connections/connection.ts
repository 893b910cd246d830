import type { Statement, StatementResult } from '../executor.ts'

/** An open connection. What it rejects with is the driver's. */
export interface Connection {
  query<Row>(statement: Statement<Row>): Promise<StatementResult<Row>>
  /**
   * Runs a statement whose answer nobody needs, inside a transaction, without waiting for it. If it fails, so does the next
   * query, which is on its way by then. Absent: the driver waits for each answer.
   */
  send?(statement: Statement): void
  /**
   * The server's session behind it is the storage's own, and has the settings that it asked for. Else each turn, or each
   * transaction, may meet another session.
   */
  readonly own: boolean
}

/** Gives a connection to one caller at a time. */
export interface Connector {
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Grows when what was seen before may not hold any more. */
  readonly generation: number
  close(): Promise<void>
}
