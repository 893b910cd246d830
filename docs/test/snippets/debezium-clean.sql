delete from waybill_messages
where enqueued_at < floor(extract(epoch from now() - interval '3 days') * 1000);
