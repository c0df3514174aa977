{{ config(materialized='table') }}
-- The events that arrived more than ten minutes after they happened.
select event_id, visitor_id, customer_id, event_type, page, event_ts, event_date, device, country, referrer, utm_source,
  utm_medium, utm_campaign
from {{ ref('clickstream_clean') }}
where is_late
