import type { LaneStore, RowRef } from '@waybill/core/lanes'
import { type RawBuilder, sql } from 'kysely'
import { retention } from '../admin/retention.ts'
import type { SqlContext } from '../dialect.ts'
import type { SqlDatabase, SqlExecutor, Statement } from '../executor.ts'
import { deleteListed, updateListed } from '../listed-rows.ts'
import { type Parameter, type Template, template } from '../template.ts'
import { laneTransactions } from './lane-transaction.ts'
import { marks, type ServerIdentity } from './mark.ts'
import { once } from './pending-rows.ts'

export interface LaneStoreParts extends Pick<LaneStore, 'name' | 'read' | 'barrier'> {
  readonly context: SqlContext
  /** Opens the database at first use. */
  readonly database: () => Promise<SqlDatabase>
  /** How long published messages are kept, in milliseconds; 0 removes them at once. */
  readonly retentionMs: number
  /** Refuses a schema that does not fit. */
  readonly checkSchema: (database: SqlDatabase) => Promise<void>
  /** Tells servers apart, where one may take over that has not had all commits of the other. Absent: there is one. */
  readonly server?: ServerIdentity
  /** Makes pending rows published and answers how many. @default one statement over the rows' places */
  readonly publishRows?: (executor: SqlExecutor, rows: readonly RowRef[]) => Promise<number>
}

/** A lane store of everything but the read, of which the databases have too different ideas. */
export function sqlLaneStore(parts: LaneStoreParts): LaneStore {
  const { context, database, retentionMs, checkSchema, publishRows, server, ...store } = parts
  const statements = relayStatements(context)
  const mark = marks(context, server)
  const publish = publishTemplate(context, retentionMs > 0, context.dialect.rowOneOf)
  const forgetHistory = retention(context, retentionMs)
  const steps = laneTransactions(context)
  const stillPending = pendingTemplate(context)
  return {
    ...store,
    async addRelay(relay) {
      const opened = await database()
      await checkSchema(opened)
      await opened.execute(statements.add(relay))
    },
    async renew(relayId) {
      const { affected } = await (await database()).urgent.execute(statements.renew(relayId))
      return affected > 0
    },
    async mark(relayId, window, epoch?: string) {
      const statement = mark({ relayId, window, epoch })
      return statement !== null && (await (await database()).execute(statement)).affected > 0
    },
    async publish(rows) {
      const { lazy } = await database()
      const affected = (await publishRows?.(lazy, rows)) ?? (await lazy.execute(publish(rows))).affected
      if (retentionMs > 0) await forgetHistory(lazy, rows.length)
      if (affected === rows.length) return rows.map((row) => row.position)
      const pending = await lazy.execute(stillPending(rows))
      const left = new Set(pending.rows.map((row) => row.position))
      return rows.map((row) => row.position).filter((position) => !left.has(position))
    },
    transaction: async (work) => (await database()).transaction((tx) => work(steps(tx))),
  }
}

interface RelayStatements {
  readonly add: Template<{ readonly id: string; readonly label: string; readonly leaseMs: number }>
  readonly renew: Template<string>
}

function relayStatements({ builder, dialect, table }: SqlContext): RelayStatements {
  const leased = sql<number>`${dialect.now} + lease_ms`
  return {
    add: template((parameter) =>
      builder.insertInto(table.relays).values({
        id: parameter(({ id }) => id),
        label: parameter(({ label }) => label),
        lease_ms: parameter(({ leaseMs }) => leaseMs),
        lease_until: sql`${dialect.now} + ${parameter(({ leaseMs }) => leaseMs)}`,
        window_positions: '[]',
      }),
    ),
    renew: template((parameter) =>
      builder
        .updateTable(table.relays)
        .set({ lease_until: leased })
        .where(
          'id',
          '=',
          parameter((id) => id),
        ),
    ),
  }
}

/** Rows by list, never by range: a range can hold a row that committed late and is unpublished. */
export function publishTemplate<Values>(
  context: SqlContext,
  keeps: boolean,
  isListed: (parameter: Parameter<Values>) => RawBuilder<boolean>,
): Template<Values> {
  return template((parameter) => {
    const listed = isListed(parameter)
    const published = { status: sql.lit('PUBLISHED' as const), published_at: once(context.dialect.now) }
    return keeps
      ? updateListed(context).set(published).where(listed).where('status', '=', sql.lit('PENDING'))
      : deleteListed(context).where(listed).where('status', '=', sql.lit('PENDING'))
  })
}

function pendingTemplate({
  builder,
  dialect,
  table,
}: SqlContext): (rows: readonly RowRef[]) => Statement<{ position: number }> {
  return template((parameter) =>
    builder
      .selectFrom(table.messages)
      .select('position')
      .where(dialect.rowOneOf(parameter))
      .where('status', '=', sql.lit('PENDING')),
  )
}
