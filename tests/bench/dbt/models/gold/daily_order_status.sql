-- Orders by day, category and status.
select date,
  coalesce(category, 'Unknown') as category,
  status,
  count(distinct order_id) as order_count,
  sum(amount_reporting)::decimal(18, 2) as amount,
  {{ now() }} as updated_at
from {{ ref('fct_order_items') }} left join {{ ref('dim_products') }} using (product_id)
group by all
