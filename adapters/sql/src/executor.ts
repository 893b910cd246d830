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
  /**
   * Runs `work` in one serializable transaction, and again from the start if another one came between. Rolls back when
   * `work` rejects.
   */
  transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T>
}

/** Steps of a transaction. A write answers nothing, so that a database may put all of them off until the commit. */
export interface SqlTransaction {
  /** Rows as they will be at the commit. */
  read<Row>(statement: Statement<Row>): Promise<readonly Row[]>
  /** Rows as they are now, for what may have changed by the commit without harm, as the clock has. */
  glance<Row>(statement: Statement<Row>): Promise<readonly Row[]>
  write(statement: Statement): Promise<void>
}

/** The only row of a statement that always answers one. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined)
    throw new StorageError('STORAGE_UNKNOWN', 'A statement that always answers a row answered none')
  return row
}
