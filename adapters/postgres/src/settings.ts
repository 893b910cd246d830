import { inTransaction, type SessionKind, type Statement } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import { classifyPostgresError } from './errors.ts'

/** Settings of the server's session, by name. */
export type Settings = Readonly<Record<string, string>>

/** Makes settings for the session, or for the transaction. */
export function setSettings(settings: Settings, duration: 'session' | 'transaction'): Statement {
  const local = duration === 'transaction'
  const calls = Object.keys(settings).map((_, at) => `set_config($${at * 2 + 1}, $${at * 2 + 2}, ${local})`)
  return CompiledQuery.raw(`select ${calls.join()}`, Object.entries(settings).flat())
}

/** Statements that need these settings, whoever the session belongs to. */
export function sessionWith(settings: Settings): SessionKind {
  const transact: SessionKind['transact'] = (connection, work) =>
    inTransaction(connection, async () => {
      if (!connection.own) await connection.query(setSettings(settings, 'transaction'))
      return work()
    })
  return {
    classify: classifyPostgresError,
    execute: (connection, statement) =>
      connection.own ? connection.query(statement) : transact(connection, () => connection.query(statement)),
    transact,
  }
}
