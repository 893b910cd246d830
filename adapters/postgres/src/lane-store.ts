import { StorageError } from '@waybill/core/contracts'
import type { LaneStore, RowRef } from '@waybill/core/lanes'
import {
  checkSchema,
  onlyRow,
  type Parameter,
  publishBesideLocks,
  publishTemplate,
  type SqlContext,
  type SqlDatabase,
  type SqlExecutor,
  sqlLaneStore,
  type Template,
  template,
} from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import type { PostgresDatabase } from './database.ts'
import { positionList } from './dialect.ts'
import { migrationRemedy } from './errors.ts'
import { dailyHistory } from './history/daily-history.ts'
import { moveTemplate } from './history/move.ts'
import type { ResolvedStorageOptions } from './options.ts'
import { serverName } from './read-statement.ts'
import { Reader } from './reader.ts'
import { sequenceOid, tableOid } from './writers.ts'

type Options = Pick<ResolvedStorageOptions, 'retentionMs' | 'historyByDay' | 'lockTimeoutMs'>

export interface LaneStoreParts extends Options {
  readonly context: SqlContext
  readonly database: PostgresDatabase
}

export function postgresLaneStore({ context, database, ...options }: LaneStoreParts): LaneStore {
  const { retentionMs, historyByDay, lockTimeoutMs } = options
  const { relay, claiming } = database
  const reader = new Reader(context, claiming)
  const history = historyByDay ? dailyHistory(context, retentionMs) : undefined
  const publishing = <Values>(isListed: (parameter: Parameter<Values>) => RawBuilder<boolean>) =>
    historyByDay ? moveTemplate(context, isListed) : publishTemplate(context, retentionMs > 0, isListed)
  const publishAnywhere = publishing(context.dialect.rowOneOf)
  const publishOn = publishing(listedOn)
  const publishRows = async (executor: SqlExecutor, rows: readonly RowRef[]) => {
    const { server } = reader
    const quick = server === null ? 0 : (await executor.execute(publishOn({ rows, server }))).affected
    return quick === rows.length ? quick : quick + (await executor.execute(publishAnywhere(rows))).affected
  }
  const lockedRows = lockedTemplate(context)
  const store = sqlLaneStore({
    name: 'postgres',
    context,
    database: async () => relay,
    // What is moved away is no concern of those who look through the messages.
    retentionMs: historyByDay ? 0 : retentionMs,
    server: { name: serverName, of: (epoch) => reader.serverOf(epoch) },
    async checkSchema(opened) {
      reader.begin()
      await checkSchema(context, opened, migrationRemedy)
      await checkServer(context, opened)
      await history?.begin(opened)
    },
    barrier: () => reader.barrier(),
    read: (request) => reader.read(request),
    publishRows: (executor, rows) =>
      history?.publishing(executor, () => publishRows(executor, rows)) ?? publishRows(executor, rows),
  })
  return {
    ...store,
    tellsEndedWriters: true,
    publish: publishBesideLocks(store.publish, {
      lockTimeoutMs,
      async lockedOf(rows) {
        const locked = await relay.lazy.execute(lockedRows(rows))
        return new Set(locked.rows.map((row) => row.position))
      },
    }),
  }
}

interface RowsOfServer {
  readonly rows: readonly RowRef[]
  readonly server: string
}

/** On the server that they were read from, the positions say enough, and ids are dear to compare. */
function listedOn(parameter: Parameter<RowsOfServer>): RawBuilder<boolean> {
  const positions = parameter(({ rows }) => positionList(rows))
  return sql`position = any(${positions}::bigint[]) and ${serverName} = ${parameter(({ server }) => server)}`
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

/** A policy that shows all rows to this role keeps nothing back, unless a restrictive one does. */
function hidesRows(table: RawBuilder<number>): RawBuilder<boolean> {
  const policies = sql`select from pg_policy where polrelid = ${table} and polcmd in ('*', 'r')`
  const isOurs = sql`exists (select from unnest(polroles) as role where role = 0 or pg_has_role(role, 'usage'))`
  const isForAll = sql`polcmd = '*' and polpermissive and pg_get_expr(polqual, polrelid) = 'true'`
  return sql`row_security_active(${table}) and (not exists (${policies} and ${isOurs} and ${isForAll})
    or exists (${policies} and ${isOurs} and not polpermissive))`
}

const oldestServer = { number: 130_005, name: '13.5' } as const

/** @throws {@link StorageError} `STORAGE_UNSUPPORTED` for what would lose or reorder messages without a word. */
async function checkServer(context: SqlContext, database: SqlDatabase): Promise<void> {
  const table = tableOid(context)
  const facts = sql<{ version: number; cache: number; hidden: boolean }>`
    select current_setting('server_version_num')::int as version, ${hidesRows(table)} as hidden,
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
