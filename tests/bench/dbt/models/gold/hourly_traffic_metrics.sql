-- Events by hour.
select date_trunc('hour', event_ts) as hour, event_date as date,
  count(*) as events,
  count_if(event_type = 'page_view') as page_views,
  count(distinct visitor_id) + count(distinct customer_id) filter (visitor_id is null) as unique_visitors,
  count_if(event_type = 'add_to_cart') as add_to_carts,
  count_if(event_type = 'purchase') as purchases,
  count_if(event_type = 'search') as searches,
  round(add_to_carts / nullif(page_views, 0), 4)::decimal(9, 4) as add_to_cart_rate,
  round(purchases / nullif(page_views, 0), 4)::decimal(9, 4) as purchase_rate,
  {{ now() }} as updated_at
from {{ ref('clickstream_clean') }}
group by all
