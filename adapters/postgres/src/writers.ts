import type { SqlContext, Statement } from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'

function inSchema({ schema }: SqlContext, name: string): RawBuilder<unknown> {
  return schema === undefined ? sql.id(name) : sql.id(schema, name)
}

const oid = ({ schema }: SqlContext, name: string): RawBuilder<number> =>
  sql`${sql.lit(schema === undefined ? `"${name}"` : `"${schema}"."${name}"`)}::regclass`

const sequence = (context: SqlContext): string => `${context.table.messages}_position_seq`

export const tableName = (context: SqlContext): RawBuilder<unknown> => inSchema(context, context.table.messages)

/** The messages' table, as the lock manager knows it. */
export const tableOid = (context: SqlContext): RawBuilder<number> => oid(context, context.table.messages)

/** What draws positions. */
export const sequenceOid = (context: SqlContext): RawBuilder<number> => oid(context, sequence(context))

/**
 * Locks of all who may have an uncommitted row in the table: the lock of an insert is taken before its position is drawn, and
 * kept until after its commit is visible. Nobody is exempt: neither relays, whose settlements are short, nor transactions
 * that have been prepared, which have no process.
 */
function writerLocks(context: SqlContext): RawBuilder<unknown> {
  return sql`locktype = 'relation' and relation = ${tableOid(context)} and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())`
}

/** Who may still commit below which position. The position is read before the locks: hence a join in which they depend on it. */
export function barrierQuery(context: SqlContext): RawBuilder<{ readonly last: number; readonly writers: string }> {
  return sql`
    select drawn.last, holders.writers
    from (select last_value - (not is_called)::int as last from ${inSchema(context, sequence(context))}) as drawn
    cross join lateral (
      select coalesce(json_agg(virtualtransaction), '[]')::text as writers from pg_locks
      where ${writerLocks(context)} and drawn.last > -1
    ) as holders`
}

export function barrierStatement(context: SqlContext): Statement<{ readonly last: number; readonly writers: string }> {
  return barrierQuery(context).compile(context.builder)
}

/**
 * JSON list of those of the writers who have ended, as the statement's own snapshot shows it, or for good: a writer without
 * the lock has ended, and if that was after the snapshot, the next read will see its rows. One with the lock has ended if
 * the snapshot says so, for locks outlive visibility. One without a transaction id has not written anything yet.
 */
export function endedWriters(context: SqlContext, watch: RawBuilder<unknown>): RawBuilder<string> {
  return sql`(
    with locks as materialized (
      select virtualtransaction, locktype, transactionid::text::bigint as xid from pg_locks
      where (${writerLocks(context)}) or (locktype = 'transactionid' and mode = 'ExclusiveLock' and granted)
    ), horizon as (
      select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid
    ), open as (
      select holder.virtualtransaction as writer from locks as holder
      where holder.locktype = 'relation' and not coalesce((
        select pg_visible_in_snapshot(min(${fullXid})::text::xid8, pg_current_snapshot())
        from locks as own cross join horizon
        where own.locktype = 'transactionid' and own.virtualtransaction = holder.virtualtransaction
      ), false)
    )
    select coalesce(json_agg(watched), '[]')::text from json_array_elements_text(${watch}::json) as watched
    where watched not in (select writer from open)
  )`
}

/** Locks show the lower half of a transaction's id. A transaction's own id is lower than those of its savepoints. */
const fullXid = sql`horizon.xid - (((horizon.xid - own.xid + 2147483648) & 4294967295) - 2147483648)`
