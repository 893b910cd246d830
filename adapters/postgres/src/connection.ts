import type { Statement, StatementResult } from '@waybill/sql'
import { CompiledQuery } from 'kysely'

/** An open connection. What it rejects with is the driver's. */
export interface Connection {
  query<Row>(statement: Statement<Row>): Promise<StatementResult<Row>>
  /**
   * The server's session behind it is its own, and has the settings that were asked for. Else each transaction may meet
   * another session, and settings are made for each transaction.
   */
  readonly direct: boolean
}

/** Gives a connection to one caller at a time. */
export interface Connector {
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Grows when what was seen before may not hold any more. */
  readonly generation: number
  close(): Promise<void>
}

/** Settings of the server's session, by name. */
export type Settings = Readonly<Record<string, string>>

/** Makes settings for the session, or for the transaction. */
export function setSettings(settings: Settings, duration: 'session' | 'transaction'): Statement {
  const calls = Object.keys(settings).map(
    (_, at) => `set_config($${at * 2 + 1}, $${at * 2 + 2}, ${duration === 'transaction'})`,
  )
  return CompiledQuery.raw(`select ${calls.join()}`, Object.entries(settings).flat())
}
