import { createHash } from 'node:crypto'
import { kept, type SqlExecutor } from '@waybill/sql'
import type { ClientBase } from 'pg'
import { classifyPostgresError, sqlState } from './errors.ts'

/** As many as one message has: of statements for more there are too many to keep each in every session. */
const mostParameters = 14

/** The server has no statement of that name, or another one. */
const strangeNames: readonly string[] = ['26000', '42P05']

/** Whether a client's session is its own. */
const owners = new WeakMap<ClientBase, boolean>()

/** A statement's name in a session, the same everywhere. */
export const nameOf: (text: string) => string = kept(
  (text) => `waybill_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`,
  1000,
)

/**
 * Keeps short statements prepared in the server's session, where it is the client's own: a pooler may give each transaction
 * another one. Who lets go of all prepared statements in a session loses one transaction; the client is then no longer
 * trusted with names.
 */
export async function preparingExecutor(client: ClientBase, plain: SqlExecutor): Promise<SqlExecutor> {
  if (!(owners.get(client) ?? (await findOut(client)))) return plain
  return {
    async execute(statement) {
      if (statement.parameters.length > mostParameters) return plain.execute(statement)
      const { sql: text, parameters } = statement
      try {
        const { rows, rowCount, command } = await client.query({ name: nameOf(text), text, values: [...parameters] })
        return { rows, affected: command === 'SELECT' ? 0 : (rowCount ?? 0) }
      } catch (error) {
        if (strangeNames.includes(sqlState(error) ?? '')) owners.set(client, false)
        throw classifyPostgresError(error)
      }
    },
  }
}

/** A pooler makes up the process id that it answers; a client without one is not of JavaScript. */
async function findOut(client: ClientBase): Promise<boolean> {
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const own = 'processID' in client && client.processID === Number(rows[0]?.pid)
    owners.set(client, own)
    return own
  } catch (error) {
    throw classifyPostgresError(error)
  }
}
