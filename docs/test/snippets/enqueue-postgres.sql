begin;
-- ... the statements of the business ...
insert into waybill_messages (id, topic, type, payload, ordering_key)
values (gen_random_uuid(), 'orders', 'order.placed', '{"id":"o-4","total":9}', 'o-4');
commit;
