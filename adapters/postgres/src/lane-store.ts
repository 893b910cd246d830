import { StorageError, WaybillError } from '@waybill/core/contracts'
import type { LaneStore, Position, RowRef } from '@waybill/core/lanes'
import {
  checkSchema,
  onlyRow,
  type SqlContext,
  type SqlDatabase,
  sqlLaneStore,
  type Template,
  template,
} from '@waybill/sql'
import { sql } from 'kysely'
import type { PostgresDatabase } from './database.ts'
import { migrationRemedy } from './errors.ts'
import { postgresRead } from './read.ts'
import { sequenceOid, tableOid, writerBarrier } from './writers.ts'

export function postgresLaneStore(context: SqlContext, database: PostgresDatabase, retentionMs: number): LaneStore {
  const { relay, claiming } = database
  const listWriters = writerBarrier(context, relay)
  let highest: Position = 0
  let setBack = 0
  const store = sqlLaneStore({
    name: 'postgres',
    context,
    database: async () => relay,
    retentionMs,
    async checkSchema(opened) {
      await checkSchema(context, opened, migrationRemedy)
      await checkServer(context, opened)
    },
    async barrier() {
      const barrier = await listWriters()
      // Positions are drawn again: a failover that no broken connection has told of.
      if (barrier.last < highest) setBack++
      highest = barrier.last
      return barrier
    },
    read: postgresRead(context, relay, () => claiming.connector.generation + setBack),
  })
  const lockedRows = lockedTemplate(context)
  return {
    ...store,
    tellsEndedWriters: true,
    async publish(rows) {
      try {
        return await store.publish(rows)
      } catch (error) {
        if (!(WaybillError.isInstance(error) && error.code === 'STORAGE_LOCKED')) throw error
        // Rows that somebody holds on to must not keep the others waiting.
        const { rows: found } = await relay.lazy.execute(lockedRows(rows))
        const locked = new Set(found.map((row) => row.position))
        return await store.publish(rows.filter((row) => !locked.has(row.position)))
      }
    },
  }
}

/** Of the rows those that are pending and locked by somebody else. */
function lockedTemplate({
  builder,
  dialect,
  table,
}: SqlContext): Template<readonly RowRef[], { readonly position: number }> {
  return template((parameter) => {
    const pending = builder
      .selectFrom(table.messages)
      .select('position')
      .where(dialect.rowOneOf(parameter))
      .where('status', '=', sql.lit('PENDING'))
    return builder
      .with('free', () => pending.forUpdate().skipLocked())
      .selectFrom(pending.as('pending'))
      .select('position')
      .where('position', 'not in', (free) => free.selectFrom('free').select('position'))
  })
}

const oldestServer = { number: 130_005, name: '13.5' } as const

/** @throws {@link StorageError} `STORAGE_UNSUPPORTED` for what would lose or reorder messages without a word. */
async function checkServer(context: SqlContext, database: SqlDatabase): Promise<void> {
  const table = tableOid(context)
  const facts = sql<{ version: number; cache: number; hidden: boolean }>`
    select current_setting('server_version_num')::int as version, row_security_active(${table}) as hidden,
      (select seqcache from pg_sequence where seqrelid = ${sequenceOid(context)}) as cache`
  const { version, cache, hidden } = onlyRow((await database.execute(facts.compile(context.builder))).rows)
  const refuse = (reason: string) => {
    throw new StorageError('STORAGE_UNSUPPORTED', reason)
  }
  if (version < oldestServer.number) refuse(`PostgreSQL ${oldestServer.name} is the oldest that relays run on`)
  if (cache !== 1)
    refuse('The sequence of positions has a cache, which draws positions early: ALTER SEQUENCE … CACHE 1')
  if (hidden)
    refuse("Row-level security hides messages from the relay's role: give it BYPASSRLS, or a policy for all rows")
}
