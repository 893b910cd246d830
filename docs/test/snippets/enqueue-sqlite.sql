begin immediate;
-- ... the statements of the business ...
insert into waybill_messages (id, topic, type, payload, ordering_key)
values ('order-4-placed', 'orders', 'order.placed', '{"id":"o-4","total":9}', 'o-4');
commit;
