-- Completed orders by day and where the customer lived then.
select date,
  coalesce(country, 'Unknown') as country,
  coalesce(region, 'Unknown') as region,
  sum(total_reporting)::decimal(18, 2) as revenue,
  count(*) as order_count,
  {{ now() }} as updated_at
from {{ ref('fct_orders') }} left join {{ ref('dim_customers') }} on customer_key = surrogate_key
where status = 'completed'
group by all
