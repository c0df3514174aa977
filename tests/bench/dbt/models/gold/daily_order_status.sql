-- Orders by day, category and status.
select order_date::date as date,
  coalesce(category, 'Unknown') as category,
  status,
  count(*) as order_count,
  sum(total_amount)::decimal(18, 2) as amount,
  {{ now() }} as updated_at
from {{ ref('orders_clean') }} left join {{ ref('dim_products') }} using (product_id)
group by all
