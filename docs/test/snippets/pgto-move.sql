with moved as (
  delete from outbox where processed_at is null and abandoned_at is null returning *
)
insert into waybill_messages (id, topic, type, payload, ordering_key, aggregate_type, aggregate_id, created_at)
select id, aggregate_type, message_type, convert_to(payload::text, 'UTF8'),
  case when concurrency = 'sequential' then coalesce(segment, aggregate_type || ':' || aggregate_id) end,
  aggregate_type, aggregate_id, floor(extract(epoch from created_at) * 1000)
from moved order by created_at;
