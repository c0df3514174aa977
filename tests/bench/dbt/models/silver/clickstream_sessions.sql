{{ config(unique_key=['visitor_id', 'has_cookie'], incremental_strategy='delete+insert') }}
-- The sessions of each visitor who has a new event, made anew from all their events.
with events as (
  select * replace (coalesce(visitor_id, customer_id) as visitor_id), visitor_id is not null as has_cookie
  from {{ ref('clickstream_clean') }}
  {% if is_incremental() %}
  where (coalesce(visitor_id, customer_id), visitor_id is not null) in (
    select (coalesce(visitor_id, customer_id), visitor_id is not null) from {{ ref('clickstream_clean') }} where loaded_at > {{ since() }})
  {% endif %}
), spaced as (
  select *,
    coalesce(event_ts > lag(event_ts) over (partition by visitor_id, has_cookie order by event_ts) + interval 30 minutes, true) as begins,
    {{ channel() }} as channel
  from events
), numbered as (
  select *, count_if(begins) over (partition by visitor_id, has_cookie order by event_ts) as session from spaced
)
select visitor_id, has_cookie, arg_min(customer_id, (event_ts, event_id)) filter (customer_id is not null) as customer_id,
  min(event_ts) as session_start, max(event_ts) as session_end, min(event_ts)::date as session_date,
  epoch(date_trunc('second', max(event_ts)))::bigint - epoch(date_trunc('second', min(event_ts)))::bigint as session_duration,
  count(*) as event_count,
  count_if(event_type = 'page_view')::bigint as page_views,
  count_if(event_type = 'search')::bigint as searches,
  count_if(event_type = 'add_to_cart')::bigint as add_to_carts,
  count_if(event_type = 'purchase')::bigint as purchases,
  count_if(event_type = 'purchase') > 0 as converted,
  unnest(arg_min({landing_page: page, device: device, country: country, channel: channel, referrer: referrer,
    utm_source: utm_source, utm_medium: utm_medium, utm_campaign: utm_campaign}, (event_ts, event_id))),
  {{ now() }} as loaded_at
from numbered
group by visitor_id, has_cookie, session
