-- Events, typed, with the reasons for which silver refuses them.
with typed as (
  select * replace (
      {% for column in ['referrer', 'utm_source', 'utm_medium', 'utm_campaign', 'order_id'] -%}
      {{ given(column) }} as {{ column }}{{ ', ' if not loop.last }}
      {%- endfor %}),
    case when regexp_matches(event_ts, '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$')
      then try_cast(event_ts as timestamp) end as instant,
    coalesce(json_valid(value), false) as is_json,
    to_json({value: value, kafka_topic: kafka_topic, kafka_partition: kafka_partition, kafka_offset: kafka_offset,
      kafka_timestamp: replace(kafka_timestamp::varchar, ' ', 'T') || 'Z', kafka_key: kafka_key, kafka_schema_id: kafka_schema_id,
      event_id: event_id, visitor_id: visitor_id, customer_id: customer_id, product_id: product_id,
      event_type: event_type, session_id: session_id, page: page, event_ts: event_ts,
      quantity: quantity, price: price, device: device, country: country, referrer: referrer,
      utm_source: utm_source, utm_medium: utm_medium, utm_campaign: utm_campaign, order_id: order_id,
      _rescued_data: _rescued_data})::varchar as raw_row
  from {{ ref('clickstream_raw') }}
)
select *,
  case when value is null then ['message is empty'] when not is_json then ['message is no JSON object'] else
  {{ reasons([
    "case when event_id is null then 'event_id is missing' end",
    not_a_text('event_id', 200),
    "case when visitor_id is null and customer_id is null then 'visitor_id and customer_id are missing' end",
    not_a_text('visitor_id', 200),
    not_a_text('customer_id', 200),
    "case when event_type is null or event_type not in ('page_view', 'add_to_cart', 'purchase', 'search')
      then 'event_type is not known' end",
    "case when product_id is null and event_type in ('add_to_cart', 'purchase') then 'product_id is missing'
      when product_id is not null and event_type = 'search' then 'product_id is given for a search' end",
    not_a_text('product_id', 200),
    "case when session_id is null then 'session_id is missing' end",
    not_a_text('session_id', 200),
    "case when page is null then 'page is missing' end",
    not_a_text('page', 2000),
    "case when instant is null then 'event_ts is not an ISO instant'
      when instant > kafka_timestamp + interval 1 hour then 'event_ts lies in the future'
      when instant < kafka_timestamp - interval 30 days then 'event_ts is older than 30 days' end",
    "case when quantity is not null and not regexp_matches(quantity, '^[1-9][0-9]{0,5}([.]0+)?$')
      then 'quantity is not a whole number from 1 to 999999' end",
    "case when price is not null and not regexp_matches(price, '^[0-9]{1,9}([.][0-9]{1,2}0*)?$') then 'price is not an amount' end",
    not_a_text('device', 200),
    not_a_text('country', 200),
    not_a_text('utm_source', 200),
    not_a_text('utm_medium', 200),
    not_a_text('utm_campaign', 200),
    not_a_text('order_id', 200),
    not_a_text('referrer', 2000),
  ]) }} end as reasons
from typed
