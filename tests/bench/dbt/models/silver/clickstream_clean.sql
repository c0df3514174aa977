{{ config(incremental_strategy='append') }}
-- The first copy of each event.
select event_id, visitor_id, customer_id, product_id, event_type, session_id, page, instant as event_ts, instant::date as event_date,
  quantity::decimal(18, 6)::int as quantity, price::decimal(12, 2) as price, device, country, referrer, utm_source,
  utm_medium, utm_campaign, order_id, kafka_timestamp as received_at,
  kafka_timestamp > instant + interval 10 minutes as is_late, kafka_topic, kafka_partition, kafka_offset, source_file,
  source_row, source_load, {{ now() }} as loaded_at
from {{ ref('stg_clickstream') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
  {% if is_incremental() %} and event_id not in (select event_id from {{ this }}) {% endif %}
qualify row_number() over (partition by event_id order by kafka_timestamp, kafka_topic, kafka_partition, kafka_offset) = 1
