-- Completed orders by day and where the customer lived then.
select order_date::date as date,
  coalesce(country, 'Unknown') as country,
  coalesce(region, 'Unknown') as region,
  sum(total_amount)::decimal(18, 2) as revenue,
  count(*) as order_count,
  {{ now() }} as updated_at
from {{ ref('orders_clean') }} left join {{ ref('dim_customers') }} on customer_key = surrogate_key
where status = 'completed'
group by all
