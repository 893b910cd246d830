import type { LaneStore } from '@waybill/core/lanes'
import { checkSchema, type SqlContext, sqlLaneStore } from '@waybill/sql'
import type { SqliteConnection } from './connection.ts'
import { migrationRemedy } from './errors.ts'
import { sqliteRead } from './read.ts'

export interface SqliteLaneStoreParts {
  readonly context: SqlContext
  readonly connection: () => Promise<SqliteConnection>
  /** 0 removes what is published. */
  readonly retentionMs: number
}

/** Positions are commit order, since there is one writer at a time: no barrier is needed. */
export function sqliteLaneStore({ context, connection, retentionMs }: SqliteLaneStoreParts): LaneStore {
  return sqlLaneStore({
    name: 'sqlite',
    context,
    database: connection,
    retentionMs,
    checkSchema: (database) => checkSchema(context, database, migrationRemedy),
    read: sqliteRead(context, connection),
  })
}
