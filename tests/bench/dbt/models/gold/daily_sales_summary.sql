-- Completed orders by day and category.
select date,
  coalesce(category, 'Unknown') as category,
  sum(amount_reporting)::decimal(18, 2) as revenue,
  count(distinct order_id) as order_count,
  round((sum(amount_reporting) / count(distinct order_id))::decimal(38, 10), 2)::decimal(18, 2) as avg_order_value,
  {{ now() }} as updated_at
from {{ ref('fct_order_items') }} left join {{ ref('dim_products') }} using (product_id)
where status = 'completed'
group by all
