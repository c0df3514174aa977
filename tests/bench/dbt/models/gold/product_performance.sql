-- Products by month, ranked within their category.
with sold as (
  select date_trunc('month', date)::date as month,
    coalesce(product_id, 'Unknown') as product_id,
    sum(quantity)::bigint as units_sold,
    sum(amount_reporting)::decimal(18, 2) as total_revenue
  from {{ ref('fct_order_items') }}
  where status = 'completed'
  group by all
)
select month, product_id,
  coalesce(product_name, 'Unknown') as product_name,
  coalesce(category, 'Unknown') as category,
  units_sold, total_revenue,
  (units_sold * cost)::decimal(18, 2) as total_cost,
  (total_revenue - total_cost)::decimal(18, 2) as margin,
  row_number() over (
    partition by month, coalesce(category, 'Unknown') order by total_revenue desc, product_id)::int as category_rank,
  {{ now() }} as updated_at
from sold left join {{ ref('dim_products') }} using (product_id)
