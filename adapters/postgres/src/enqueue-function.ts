import type { SqlContext } from '@waybill/sql'
import { type Compilable, type RawBuilder, sql } from 'kysely'

const milliseconds = (time: string): RawBuilder<unknown> => sql.raw(`ceil(extract(epoch from ${time}) * 1000)`)

/**
 * `waybill_enqueue(…)`: an enqueue for programs that cannot hold a transaction open over several calls, and for triggers. It
 * is part of the statement that calls it, and with it of that statement's transaction.
 */
export function enqueueFunction({ builder, table, tablePrefix, schema }: SqlContext): {
  readonly create: readonly Compilable[]
  readonly drop: readonly Compilable[]
} {
  const inSchema = (name: string) => (schema === undefined ? sql.id(name) : sql.id(schema, name))
  const name = inSchema(`${tablePrefix}enqueue`)
  const statement = (text: RawBuilder<unknown>): Compilable => ({ compile: () => text.compile(builder) })
  return {
    create: [
      statement(sql`create function ${name} (
  topic text, type text, payload text, ordering_key text default null, headers json default null,
  aggregate_type text default null, aggregate_id text default null, available_at timestamptz default null,
  expires_at timestamptz default null, id text default null
) returns text language plpgsql as $waybill$
declare
  message_id text := coalesce(id, gen_random_uuid()::text);
begin
  insert into ${inSchema(table.messages)} (
    id, topic, type, payload, ordering_key, headers, aggregate_type, aggregate_id, available_at, expires_at
  ) values (
    message_id, topic, type, convert_to(payload, 'UTF8'),
    coalesce(ordering_key, aggregate_type || ':' || aggregate_id), headers, aggregate_type, aggregate_id,
    ${milliseconds('available_at')}, ${milliseconds('expires_at')}
  );
  return message_id;
end
$waybill$`),
    ],
    drop: [statement(sql`drop function ${name}`)],
  }
}
