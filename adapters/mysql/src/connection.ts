import type { Statement, StatementResult } from '@waybill/sql'

/** An open connection. What it rejects with is the driver's. */
export interface Connection {
  query<Row>(statement: Statement<Row>): Promise<StatementResult<Row>>
  /** It is the storage's own and has the session settings of relays. Else each turn may be on another one. */
  readonly own: boolean
}

/** Gives a connection to one caller at a time. */
export interface Connector {
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Grows when what was seen before may not hold any more. */
  readonly generation: number
  close(): Promise<void>
}
