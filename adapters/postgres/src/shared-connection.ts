import type { AnyKysely, Statement } from '@waybill/sql'
import type { Connection, Connector } from './connection.ts'

/** Turns on the connections of an application's Kysely instance, whose driver may be any. */
export function sharedConnection(db: AnyKysely): Connector {
  const plain = db.withoutPlugins()
  return {
    generation: 0,
    use: (work) => plain.connection().execute((one) => work(connectionOf(one))),
    close: async () => undefined,
  }
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
