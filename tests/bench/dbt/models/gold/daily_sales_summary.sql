-- Completed orders by day and category.
select order_date::date as date,
  coalesce(category, 'Unknown') as category,
  sum(total_amount)::decimal(18, 2) as revenue,
  count(*) as order_count,
  round((sum(total_amount) / count(*))::decimal(38, 10), 2)::decimal(18, 2) as avg_order_value,
  {{ now() }} as updated_at
from {{ ref('orders_clean') }} left join {{ ref('dim_products') }} using (product_id)
where status = 'completed'
group by all
