-- Bronze: the messages of one new file, with their fields as text.
insert into bronze.clickstream_raw
select value, topic, "partition", "offset", "timestamp", "key", null,
  message.event_id, message.visitor_id, message.customer_id, message.product_id, message.event_type,
  message.session_id, message.page, message.event_ts, message.quantity, message.price, message.device, message.country,
  message.referrer, message.utm_source, message.utm_medium, message.utm_campaign, message.order_id,
  null, $name, position, $load, getvariable('now')
from (
  select *, row_number() over () as position, case when json_valid(value) then json_transform(value, '{
    "event_id": "varchar", "visitor_id": "varchar", "customer_id": "varchar", "product_id": "varchar",
    "event_type": "varchar", "session_id": "varchar", "page": "varchar", "event_ts": "varchar", "quantity": "varchar",
    "price": "varchar", "device": "varchar", "country": "varchar", "referrer": "varchar", "utm_source": "varchar",
    "utm_medium": "varchar", "utm_campaign": "varchar", "order_id": "varchar"
  }') end as message
  from read_json($path, format = 'newline_delimited', columns = {topic: 'varchar', "partition": 'int', "offset": 'bigint',
    "timestamp": 'timestamp', "key": 'varchar', value: 'varchar'})
);
