import type { LaneStore, RowRef } from '@waybill/core/lanes'
import {
  checkSchema,
  publishBesideLocks,
  type Sessions,
  type SqlContext,
  sqlLaneStore,
  type Tables,
  type Template,
  template,
} from '@waybill/sql'
import { type SelectQueryBuilder, sql } from 'kysely'
import { throughIndex } from './dialect.ts'
import { migrationRemedy } from './errors.ts'
import { mysqlReader } from './read.ts'
import { serverCheck } from './server.ts'
import { writerWatch } from './writers.ts'

export interface LaneStoreParts {
  readonly context: SqlContext
  readonly database: Sessions
  readonly retentionMs: number
  readonly lockTimeoutMs: number
}

export function mysqlLaneStore({ context, database, retentionMs, lockTimeoutMs }: LaneStoreParts): LaneStore {
  const { relay, claiming } = database
  const writers = writerWatch(context, claiming)
  const checkServer = serverCheck(context, writers)
  const pendingRows = pendingTemplate(context, (query) => query)
  const freeRows = pendingTemplate(context, (query) => query.forUpdate().skipLocked())
  const store = sqlLaneStore({
    name: 'mysql',
    context,
    database: async () => relay,
    retentionMs,
    async checkSchema(opened) {
      await checkSchema(context, opened, migrationRemedy)
      await checkServer(opened)
    },
    barrier: writers.barrier,
    ...mysqlReader(context, claiming, writers.saw),
  })
  return {
    ...store,
    publish: publishBesideLocks(store.publish, {
      lockTimeoutMs,
      async lockedOf(rows) {
        const { rows: pending } = await relay.lazy.execute(pendingRows(rows))
        const { rows: free } = await relay.lazy.execute(freeRows(rows))
        return new Set(pending.map((row) => row.position)).difference(new Set(free.map((row) => row.position)))
      },
    }),
  }
}

type PendingQuery = SelectQueryBuilder<Tables, 'messages', { position: number }>

/** Of the rows those that are pending. */
function pendingTemplate(
  { builder, dialect, table }: SqlContext,
  change: (query: PendingQuery) => PendingQuery,
): Template<readonly RowRef[], { readonly position: number }> {
  return template((parameter) =>
    change(
      builder
        .selectFrom(throughIndex(table.messages, 'primary'))
        .select('position')
        .where(dialect.rowOneOf(parameter))
        .where('status', '=', sql.lit('PENDING')),
    ),
  )
}
