import { StorageError } from '@waybill/core/contracts'
import type { Statement, StatementResult } from '@waybill/sql'
import type { Client, ClientConfig, CustomTypesConfig } from 'pg'
import pg from 'pg'
import { type Connection, type Connector, type Settings, setSettings } from './connection.ts'
import { sqlState } from './errors.ts'

/** One connection of our own, opened at first use, and again after it broke. It lets the process end while it is idle. */
export class OwnConnection implements Connector {
  generation = 0
  readonly #config: ClientConfig
  readonly #settings: Settings
  #opening: Promise<Connection> | undefined
  #client: Client | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(config: ClientConfig, settings: Settings) {
    this.#config = { ...config, types: parsers }
    this.#settings = settings
  }

  use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#closed) throw new StorageError('STORAGE_UNAVAILABLE', 'The storage has been closed')
      this.#opening ??= this.#open()
      const connection = await this.#opening
      holdProcess(this.#client, true)
      try {
        return await work(connection)
      } finally {
        holdProcess(this.#client, false)
      }
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#turn
    holdProcess(this.#client, true)
    await this.#client?.end()
  }

  async #open(): Promise<Connection> {
    const client = new pg.Client(this.#config)
    client.on('error', () => this.#discard(client))
    this.#client = client
    try {
      await client.connect()
      this.generation++
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      // A pooler makes up the process id that it answers.
      const direct = 'processID' in client && client.processID === rows[0]?.pid
      const connection: Connection = { direct, query: (statement) => this.#query(client, statement, direct) }
      if (direct) await connection.query(setSettings(this.#settings, 'session'))
      return connection
    } catch (error) {
      this.#discard(client)
      throw error
    }
  }

  async #query<Row>(
    client: Client,
    { sql, parameters }: Statement<Row>,
    named: boolean,
  ): Promise<StatementResult<Row>> {
    const statement = { text: sql, values: [...parameters] }
    try {
      const result = await client.query(named ? { ...statement, name: nameOf(sql) } : statement)
      return { rows: result.rows, affected: result.command === 'SELECT' ? 0 : (result.rowCount ?? 0) }
    } catch (error) {
      const state = sqlState(error)
      if (state === undefined || staleSession.includes(state)) this.#discard(client)
      throw error
    }
  }

  #discard(client: Client): void {
    if (this.#client !== client) return
    this.#client = undefined
    this.#opening = undefined
    void client.end().catch(() => undefined)
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

function holdProcess(client: Client | undefined, hold: boolean): void {
  const stream = client?.connection.stream
  if (stream === undefined || !('ref' in stream && 'unref' in stream)) return
  const change = hold ? stream.ref : stream.unref
  if (typeof change === 'function') change.call(stream)
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
