import type { Connection, OpenConnection, Statement, StatementResult } from '@waybill/sql'
import type { Client, ClientConfig, CustomTypesConfig } from 'pg'
import pg from 'pg'
import { sqlState } from './errors.ts'
import { type Settings, setSettings } from './settings.ts'

/**
 * Opens a client of pg. A pooler behind the address is found out, for then the server's sessions belong to nobody: they are
 * given no settings, and no prepared statements.
 */
export function clientConnection(config: ClientConfig, settings: Settings): OpenConnection {
  return async (lost) => {
    const client = new pg.Client({ ...config, types: parsers })
    const discard = () => {
      lost()
      void client.end().catch(() => undefined)
    }
    client.on('error', discard)
    const run = async <Row>(statement: Statement<Row>, named: boolean): Promise<StatementResult<Row>> => {
      try {
        return await query(client, statement, named)
      } catch (error) {
        const state = sqlState(error)
        if (state === undefined || staleSession.includes(state)) discard()
        throw error
      }
    }
    try {
      await client.connect()
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      // A pooler makes up the process id that it answers.
      const own = 'processID' in client && client.processID === rows[0]?.pid
      if (own) await run(setSettings(settings, 'session'), false)
      const query = <Row>(statement: Statement<Row>) => run(statement, own)
      return {
        own,
        socket: client.connection.stream,
        // An older driver would only keep what is sent until the answer before it is there, and warn of it.
        ...(own && 'pipeline' in client && client.pipeline === true ? pipelined(query) : { query }),
        end: () => client.end(),
      }
    } catch (error) {
      discard()
      throw error
    }
  }
}

async function query<Row>(
  client: Client,
  { sql, parameters }: Statement<Row>,
  named: boolean,
): Promise<StatementResult<Row>> {
  const statement = { text: sql, values: [...parameters] }
  const { rows, rowCount, command } = await client.query(named ? { ...statement, name: nameOf(sql) } : statement)
  return { rows, affected: command === 'SELECT' ? 0 : (rowCount ?? 0) }
}

/** What is sent and not waited for fails the next query, if it fails: the server then refuses the rest of the transaction. */
function pipelined(query: Connection['query']): Pick<Connection, 'query' | 'send'> {
  let sent: Promise<unknown>[] = []
  return {
    send(statement) {
      const answer = query(statement)
      // Whoever makes the next query is told.
      answer.catch(() => undefined)
      sent.push(answer)
    },
    async query(statement) {
      const before = sent
      sent = []
      const answer = query(statement)
      // Answers come in the order of the statements: the first failure is the cause of those after it.
      await Promise.all([...before, answer])
      return answer
    },
  }
}

/** Prepared statements that the server has not, or whose answer has changed its columns: only a new session helps. */
const staleSession: readonly string[] = ['26000', '42P05', '0A000']

const names = new Map<string, string>()

/** A prepared statement is known by its name, on every connection the same. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `waybill_${names.size}`
  names.set(text, name)
  return name
}

const parserByType: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: (text) => Buffer.from(text.slice(2), 'hex'),
  20: Number,
  21: Number,
  23: Number,
}

/** Of our own, so that what the application has told the driver about types is of no account here. */
const parsers: CustomTypesConfig = {
  getTypeParser: (type: number) => parserByType[type] ?? ((text: string) => text),
}
