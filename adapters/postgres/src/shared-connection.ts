import { WaybillError } from '@waybill/core/contracts'
import type { AnyKysely, Statement } from '@waybill/sql'
import type { Connection, Connector } from './connection.ts'
import { classifyPostgresError } from './errors.ts'

/** Turns on the connections of an application's Kysely instance, whose driver may be any. */
export class SharedConnection implements Connector {
  generation = 0
  readonly #db: AnyKysely

  constructor(db: AnyKysely) {
    this.#db = db.withoutPlugins()
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await this.#db.connection().execute((one) => work(connectionOf(one)))
    } catch (error) {
      const named = classifyPostgresError(error)
      // The server may be another one, or have been started again.
      if (WaybillError.isInstance(named) && named.code === 'STORAGE_UNAVAILABLE') this.generation++
      throw error
    }
  }

  async close(): Promise<void> {}
}

function connectionOf(db: AnyKysely): Connection {
  return {
    direct: false,
    async query<Row>(statement: Statement<Row>) {
      const { rows, numAffectedRows } = await db.executeQuery(statement)
      return { rows: rows.map((row) => withNumbers<Row>(row)), affected: Number(numAffectedRows ?? 0) }
    },
  }
}

/** Drivers answer 64-bit integers as texts or bigints, unless they are told otherwise. */
function withNumbers<Row>(row: Row): Row {
  const converted: { [column: string]: unknown } = Object.assign({}, row)
  for (const [column, value] of Object.entries(converted)) {
    if (typeof value === 'bigint' || (typeof value === 'string' && !textColumns.has(column)))
      converted[column] = Number(value)
  }
  return converted as Row
}

const textColumns: ReadonlySet<string> = new Set([
  ...['id', 'topic', 'type', 'ordering_key', 'payload', 'headers', 'attributes', 'aggregate_type', 'aggregate_id'],
  ...['status', 'dead_reason', 'last_error', 'label', 'window_positions', 'owner', 'consumer', 'key', 'name'],
  ...['session', 'head_id', 'writers'],
])
