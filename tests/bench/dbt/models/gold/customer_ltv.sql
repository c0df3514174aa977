-- What each customer has spent, and the segment that follows.
with orders as (
  select coalesce(customer_id, 'Unknown') as customer_id, sum(total_reporting) as total_revenue, count(*) as order_count,
    min(date) as first_order_date, max(date) as last_order_date
  from {{ ref('fct_orders') }}
  where status = 'completed'
  group by all
), customers as (
  select customer_id from {{ ref('dim_customers') }} where is_current
)
select customer_id,
  coalesce(total_revenue, 0)::decimal(18, 2) as total_revenue,
  coalesce(order_count, 0) as order_count,
  first_order_date, last_order_date,
  case when total_revenue > 500 then 'High' when total_revenue >= 100 then 'Medium' else 'Low' end as ltv_segment,
  {{ now() }} as updated_at
from customers full join orders using (customer_id)
