import type { SqlContext } from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import { type Extras, named, statement } from './statement.ts'

/** Published messages by the day of their publication, in UTC: for storages with `historyByDay`. */
export function historyTable(context: SqlContext): Extras {
  const table = named(context, 'history')
  const index = (name: string) => sql.id(`${context.tablePrefix}history_${name}`)
  const published = sql.id(`${context.tablePrefix}history_published_valid`)
  const rotate = sql`${named(context, 'rotate_history')} (interval)`
  const create = [
    sql`create table ${table} (
  like ${named(context, 'messages')}, constraint ${published} check (status = 'PUBLISHED')
) partition by range (published_at)`,
    sql`create index ${index('id')} on ${table} (id)`,
    sql`create index ${index('aggregate')} on ${table} (aggregate_id, aggregate_type) where aggregate_id is not null`,
    rotateFunction(context),
    // With the owner's rights: who calls it must not choose where it looks for tables.
    sql`do $waybill$ begin
  execute format('alter function ${rotate} set search_path to %I, pg_temp', ${homeOf(context)});
end $waybill$`,
    sql`revoke execute on function ${rotate} from public`,
  ]
  const drop = [sql`drop function ${rotate}`, sql`drop table ${table}`]
  return {
    create: create.map((text) => statement(context, text)),
    drop: drop.map((text) => statement(context, text)),
  }
}

function homeOf({ schema }: SqlContext): RawBuilder<string> {
  return schema === undefined ? sql`current_schema()` : sql.lit(schema)
}

/**
 * `waybill_rotate_history(keep)`: makes the tables of today and of the next two days, and drops the oldest day that ended
 * longer ago than `keep`. One day a call, whose name it answers. To drop, it waits for no lock for longer than 100 ms, and
 * what it could not lock is left to the next call.
 *
 * The day is locked, then looked through for anything that is not published, then dropped. The look costs nothing as long as
 * the table's own check proves the answer.
 */
function rotateFunction(context: SqlContext): RawBuilder<unknown> {
  const table = `${context.tablePrefix}history`
  return sql`create function ${named(context, 'rotate_history')} (keep interval) returns text
language plpgsql security definer set lock_timeout = '100ms' set constraint_exclusion = 'on' as $waybill$
declare
  history constant regclass := ${sql.lit(`"${table}"`)}::regclass;
  turn constant bigint := hashtextextended('waybill rotate ' || history::oid, 0);
  today constant bigint := floor(extract(epoch from clock_timestamp()) / 86400);
  first_kept constant bigint := floor(extract(epoch from clock_timestamp() - keep) / 86400);
  part record;
  name text;
  has_others boolean;
begin
  -- Nobody who writes waits for whoever waits to make a table.
  perform set_config('lock_timeout', '3s', true);
  for day in today .. today + 2 loop
    name := ${sql.lit(`${table}_`)} || to_char(to_timestamp(day * 86400.0) at time zone 'UTC', 'YYYYMMDD');
    continue when to_regclass(quote_ident(name)) is not null;
    perform pg_advisory_xact_lock(turn);
    begin
      execute format('create table %I (like %s including all)', name, history);
      execute format('alter table %s attach partition %I for values from (%s) to (%s)',
        history, name, day * bigint '86400000', (day + 1) * bigint '86400000');
    exception when duplicate_table then
      -- Somebody else has had his turn.
      null;
    end;
  end loop;
  perform set_config('lock_timeout', '100ms', true);
  if not pg_try_advisory_xact_lock(turn) then return null; end if;
  for part in
    select child.oid::regclass as name, child.relname from pg_inherits join pg_class as child on child.oid = inhrelid
    where inhparent = history and child.relname ~ '_[0-9]{8}$'
      and extract(epoch from to_date(right(child.relname, 8), 'YYYYMMDD')) / 86400 < first_kept
    order by child.relname
  loop
    begin
      execute format('lock table only %s in access exclusive mode', part.name);
      execute format('select exists (select from %s where status <> ''PUBLISHED'')', part.name) into has_others;
      if has_others then
        raise warning '% holds messages that are not published, and is kept', part.name;
        continue;
      end if;
      execute format('drop table %s', part.name);
      return part.relname;
    exception when lock_not_available then
      -- Somebody reads the day, or history is being written: the locks taken so far are given back.
      continue;
    end;
  end loop;
  return null;
end
$waybill$`
}
