import { StorageError } from '@waybill/core/contracts'
import type { CompiledQuery } from 'kysely'

/** A statement with its values. `Row` is what it answers. */
export type Statement<Row = unknown> = CompiledQuery<Row>

export interface StatementResult<Row> {
  readonly rows: readonly Row[]
  /** Rows inserted, changed or removed; 0 for a statement that only reads. */
  readonly affected: number
}

/**
 * Runs statements on one database. Implemented by each storage straight on its driver's prepared statements.
 *
 * Values come back as: text → `string`, integers → `number`, bytes → `Uint8Array`. Every rejection is a `WaybillError`.
 */
export interface SqlExecutor {
  execute<Row>(statement: Statement<Row>): Promise<StatementResult<Row>>
}

/** An executor that owns its connections. All methods may run beside each other. */
export interface SqlDatabase extends SqlExecutor {
  /** For writes of which a power cut may undo the newest. */
  readonly lazy: SqlExecutor
  /** For writes that must not queue behind others of this process that wait. */
  readonly urgent: SqlExecutor
  /** Runs `work` in one transaction that writes from the start. Rolls back when `work` rejects. */
  transaction<T>(work: (tx: SqlExecutor) => Promise<T>): Promise<T>
}

/** The only row of a statement that always answers one. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined)
    throw new StorageError('STORAGE_UNKNOWN', 'A statement that always answers a row answered none')
  return row
}
