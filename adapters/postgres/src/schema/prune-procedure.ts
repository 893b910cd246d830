import type { SqlContext } from '@waybill/sql'
import { sql } from 'kysely'
import { type Extras, named, statement } from './statement.ts'

/**
 * `call waybill_prune(…)`: what `storage.prune` does, for schedulers inside the database. Each batch is a transaction of its
 * own, so that it must not be called within one. It walks by position, which is nearly the order of publication, and ends
 * where all is young. Producers wait for none of it: it locks nothing but published rows.
 */
export function pruneProcedure(context: SqlContext): Extras {
  const [name, messages] = [named(context, 'prune'), named(context, 'messages')]
  return {
    create: [
      statement(
        context,
        sql`create procedure ${name} (older_than interval, batch_size integer default 1000) language plpgsql as $waybill$
declare
  published_until constant bigint := floor(extract(epoch from clock_timestamp() - older_than) * 1000);
  past bigint := 0;
  batch record;
begin
  loop
    -- Statistics may be those of an empty table, for which a planner would sort all of a full one.
    perform set_config('enable_sort', 'off', true);
    with looked as materialized (
      select position, status, published_at from ${messages} where position > past order by position limit batch_size
    ), removed as (
      delete from ${messages} where status = 'PUBLISHED' and position = any (array(
        select position from looked where status = 'PUBLISHED' and published_at <= published_until
      ))
    )
    select count(*) as seen, max(position) as last,
      count(*) filter (where published_at <= published_until) as old,
      count(*) filter (where published_at > published_until) as young
      into batch from looked;
    commit;
    exit when batch.seen < batch_size or (batch.young > 0 and batch.old = 0);
    past := batch.last;
  end loop;
end
$waybill$`,
      ),
    ],
    drop: [statement(context, sql`drop procedure ${name}`)],
  }
}
