{% set fields = ['event_id', 'visitor_id', 'customer_id', 'product_id', 'event_type', 'session_id', 'page', 'event_ts', 'quantity',
  'price', 'device', 'country', 'referrer', 'utm_source', 'utm_medium', 'utm_campaign', 'order_id'] %}
{% set before = loaded_files() %}
{% for name in new_files('clickstream') %}
{{ 'union all' if not loop.first }}
select value, topic as kafka_topic, "partition" as kafka_partition, "offset" as kafka_offset, "timestamp" as kafka_timestamp,
  "key" as kafka_key, null::int as kafka_schema_id,
  {% for field in fields %}message.{{ field }}, {% endfor %}
  null::varchar as _rescued_data, '{{ name }}' as source_file, position as source_row, {{ before + loop.index }}::bigint as source_load,
  {{ now() }} as ingested_at
from (
  select *, row_number() over () as position, case when json_valid(value) then json_transform(value, '{
    {%- for field in fields %}"{{ field }}": "varchar"{{ ', ' if not loop.last }}{% endfor -%} }') end as message
  from read_json({{ landed_path(name) }}, format = 'newline_delimited', columns = {topic: 'varchar', "partition": 'int',
    "offset": 'bigint', "timestamp": 'timestamp', "key": 'varchar', value: 'varchar'})
)
{% else %}
select * from {{ this }} where false
{% endfor %}
