import { laneCount } from '@waybill/core/lanes'

/**
 * The tables of outbox and inbox, for a migration: `database.exec(schema)`. A message's fields that no query asks for stand
 * together, as JSON.
 */
export const schema = `
  pragma journal_mode = wal;
  begin immediate;
  create table if not exists waybill_messages (
    -- Never drawn twice. One writer at a time makes it the order of the commits.
    position integer primary key autoincrement,
    id text not null unique,
    topic text not null,
    type text not null,
    ordering_key text,
    lane integer not null,
    payload blob not null,
    fields text not null,
    status text not null default 'PENDING' check (status in ('PENDING', 'PUBLISHED', 'DEAD')),
    attempts integer not null default 0,
    crashes integer not null default 0,
    available_at integer,
    expires_at integer,
    inserted_at integer not null,
    settled_at integer,
    dead_reason text,
    last_error text
  );
  create index if not exists waybill_pending on waybill_messages (position) where status = 'PENDING';
  create index if not exists waybill_settled on waybill_messages (status, settled_at) where status <> 'PENDING';
  create table if not exists waybill_relays (
    id text primary key, label text not null, lease_ms integer not null, lease_until integer not null,
    trusted integer not null default 0, window text not null default '[]'
  );
  create table if not exists waybill_lanes (lane integer primary key, owner text);
  create table if not exists waybill_holds (
    topic text not null, key text not null, lane integer not null, head integer not null, due_at integer not null,
    primary key (topic, key)
  );
  create table if not exists waybill_suspects (
    position integer primary key, lane integer not null, crashes integer not null
  );
  create table if not exists waybill_receipts (
    consumer text not null, key text not null, recorded_at integer not null, primary key (consumer, key)
  );
  insert or ignore into waybill_lanes (lane) select value from json_each('${lanesAsJson()}');
  commit;
`

function lanesAsJson(): string {
  return JSON.stringify(Array.from({ length: laneCount }, (_, lane) => lane))
}
