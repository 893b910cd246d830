import { WaybillError } from '@waybill/core/contracts'
import type { Statement } from '../executor.ts'
import type { AnyKysely } from '../kysely-executor.ts'
import type { Connection, Connector } from './connection.ts'

/** Turns on the connections of an application's Kysely instance, whose driver may be any. */
export class SharedConnection implements Connector {
  generation = 0
  readonly #db: AnyKysely
  readonly #classify: (error: unknown) => unknown

  /** @param classify - Names what the driver throws. */
  constructor(db: AnyKysely, classify: (error: unknown) => unknown) {
    this.#db = db.withoutPlugins()
    this.#classify = classify
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await this.#db.connection().execute((one) => work(connectionOf(one)))
    } catch (error) {
      const named = this.#classify(error)
      // The server may be another one, or have been started again.
      if (WaybillError.isInstance(named) && named.code === 'STORAGE_UNAVAILABLE') this.generation++
      throw error
    }
  }

  async close(): Promise<void> {}
}

function connectionOf(db: AnyKysely): Connection {
  return {
    own: false,
    async query<Row>(statement: Statement<Row>) {
      const { rows, numAffectedRows } = await db.executeQuery(statement)
      return { rows: rows.map((row) => withNumbers<Row>(row)), affected: Number(numAffectedRows ?? 0) }
    },
  }
}

/** Drivers may answer 64-bit integers as texts or bigints. */
function withNumbers<Row>(row: Row): Row {
  const converted: { [column: string]: unknown } = Object.assign({}, row)
  for (const [column, value] of Object.entries(converted)) {
    const isNumber = typeof value === 'bigint' || (typeof value === 'string' && !textColumns.has(column))
    if (isNumber) converted[column] = Number(value)
  }
  return converted as Row
}

/** All others are numbers, so that a column that is missing here is noticed at once. */
const textColumns: ReadonlySet<string> = new Set([
  ...['id', 'topic', 'type', 'ordering_key', 'payload', 'headers', 'attributes', 'aggregate_type', 'aggregate_id'],
  ...['status', 'dead_reason', 'last_error', 'label', 'window_positions', 'owner', 'consumer', 'key', 'name'],
  ...['session', 'head_id', 'server', 'version', 'engine', 'writer', 'writers'],
])
