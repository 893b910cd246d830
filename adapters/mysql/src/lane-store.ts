import { WaybillError } from '@waybill/core/contracts'
import type { LaneStore, RowRef } from '@waybill/core/lanes'
import { checkSchema, type SqlContext, sqlLaneStore, type Tables, type Template, template } from '@waybill/sql'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { MysqlDatabase } from './database.ts'
import { throughIndex } from './dialect.ts'
import { migrationRemedy } from './errors.ts'
import { mysqlRead } from './read.ts'
import { serverCheck } from './server.ts'
import { writerWatch } from './writers.ts'

/** How many lock timeouts long rows that are locked are looked for before each publish. */
const carefulFor = 10

export interface LaneStoreParts {
  readonly context: SqlContext
  readonly database: MysqlDatabase
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
    read: mysqlRead(context, claiming, writers.saw),
  })
  let carefulUntil = 0
  return {
    ...store,
    async publish(rows) {
      if (performance.now() >= carefulUntil) {
        try {
          return await store.publish(rows)
        } catch (error) {
          if (!(WaybillError.isInstance(error) && error.code === 'STORAGE_LOCKED')) throw error
          carefulUntil = performance.now() + lockTimeoutMs * carefulFor
        }
      }
      // Rows that somebody holds on to must not keep the others waiting.
      const { rows: pending } = await relay.lazy.execute(pendingRows(rows))
      const { rows: free } = await relay.lazy.execute(freeRows(rows))
      const locked = new Set(pending.map((row) => row.position)).difference(new Set(free.map((row) => row.position)))
      return await store.publish(rows.filter((row) => !locked.has(row.position)))
    },
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
