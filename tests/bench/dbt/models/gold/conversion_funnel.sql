-- From views to purchases, by day and category.
with counted as (
  select event_date as date, coalesce(category, 'Unknown') as category,
    count(distinct visitor_id) + count(distinct customer_id) filter (visitor_id is null) as visitors,
    count_if(event_type = 'page_view') as page_views,
    count_if(event_type = 'add_to_cart') as add_to_carts,
    count_if(event_type = 'purchase') as purchases,
    coalesce(sum(coalesce(quantity, 1) * coalesce(events.price, 0)) filter (event_type = 'purchase'), 0)::decimal(18, 2) as revenue
  from {{ ref('clickstream_clean') }} as events left join {{ ref('dim_products') }} using (product_id)
  where product_id is not null
  group by all
)
select date, category, visitors, page_views, add_to_carts, purchases,
  round((add_to_carts / nullif(page_views, 0))::decimal(38, 10), 4)::decimal(9, 4) as cart_rate,
  round((purchases / nullif(add_to_carts, 0))::decimal(38, 10), 4)::decimal(9, 4) as checkout_rate,
  case when add_to_carts > 0 then greatest(0, round(((add_to_carts - purchases) / add_to_carts)::decimal(38, 10), 4))::decimal(9, 4)
    end as cart_abandonment,
  revenue,
  round((revenue / nullif(purchases, 0))::decimal(38, 10), 2)::decimal(18, 2) as avg_order_value,
  round((revenue / visitors)::decimal(38, 10), 2)::decimal(18, 2) as revenue_per_visitor,
  {{ now() }} as updated_at
from counted
