import type { SqlContext } from '@waybill/sql'
import { sql } from 'kysely'
import { type Extras, milliseconds, named, statement } from './statement.ts'

/**
 * `waybill_enqueue(…)`: an enqueue for programs that cannot hold a transaction open over several calls, and for triggers. It
 * is part of the statement that calls it, and with it of that statement's transaction.
 */
export function enqueueFunction(context: SqlContext): Extras {
  const name = named(context, 'enqueue')
  return {
    create: [
      statement(
        context,
        sql`create function ${name} (
  topic text, type text, payload text, ordering_key text default null, headers json default null,
  aggregate_type text default null, aggregate_id text default null, available_at timestamptz default null,
  expires_at timestamptz default null, id text default null
) returns text language plpgsql as $waybill$
declare
  message_id text := coalesce(id, gen_random_uuid()::text);
begin
  insert into ${named(context, 'messages')} (
    id, topic, type, payload, ordering_key, headers, aggregate_type, aggregate_id, available_at, expires_at
  ) values (
    message_id, topic, type, convert_to(payload, 'UTF8'),
    coalesce(ordering_key, aggregate_type || ':' || aggregate_id), headers, aggregate_type, aggregate_id,
    ${milliseconds('available_at')}, ${milliseconds('expires_at')}
  );
  return message_id;
end
$waybill$`,
      ),
    ],
    drop: [statement(context, sql`drop function ${name}`)],
  }
}
