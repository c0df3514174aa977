-- Gold: made anew each day from silver.

create or replace table gold.daily_sales_summary as
select order_date::date as date,
  coalesce(category, 'Unknown') as category,
  sum(total_amount)::decimal(18, 2) as revenue,
  count(*) as order_count,
  round((sum(total_amount) / count(*))::decimal(38, 10), 2)::decimal(18, 2) as avg_order_value,
  getvariable('now') as updated_at
from silver.orders_clean left join silver.dim_products using (product_id)
where status = 'completed'
group by all;

create or replace table gold.daily_order_status as
select order_date::date as date,
  coalesce(category, 'Unknown') as category,
  status,
  count(*) as order_count,
  sum(total_amount)::decimal(18, 2) as amount,
  getvariable('now') as updated_at
from silver.orders_clean left join silver.dim_products using (product_id)
group by all;

create or replace table gold.daily_sales_by_region as
select order_date::date as date,
  coalesce(country, 'Unknown') as country,
  coalesce(region, 'Unknown') as region,
  sum(total_amount)::decimal(18, 2) as revenue,
  count(*) as order_count,
  getvariable('now') as updated_at
from silver.orders_clean left join silver.dim_customers on customer_key = surrogate_key
where status = 'completed'
group by all;

create or replace table gold.customer_ltv as
with orders as (
  select coalesce(customer_id, 'Unknown') as customer_id, sum(total_amount) as total_revenue, count(*) as order_count,
    min(order_date)::date as first_order_date, max(order_date)::date as last_order_date
  from silver.orders_clean
  where status = 'completed'
  group by all
), customers as (
  select customer_id from silver.dim_customers where is_current
)
select customer_id,
  coalesce(total_revenue, 0)::decimal(18, 2) as total_revenue,
  coalesce(order_count, 0) as order_count,
  first_order_date, last_order_date,
  case when total_revenue > 500 then 'High' when total_revenue >= 100 then 'Medium' else 'Low' end as ltv_segment,
  getvariable('now') as updated_at
from customers full join orders using (customer_id);

create or replace table gold.product_performance as
with sold as (
  select date_trunc('month', order_date)::date as month,
    coalesce(product_id, 'Unknown') as product_id,
    sum(quantity)::bigint as units_sold,
    sum(total_amount)::decimal(18, 2) as total_revenue
  from silver.orders_clean
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
  getvariable('now') as updated_at
from sold left join silver.dim_products using (product_id);

create or replace table gold.customer_cohorts as
with members as (
  select customer_id, date_trunc('month', signup_date)::date as cohort_month
  from silver.dim_customers
  where is_current and signup_date is not null
), sizes as (
  select cohort_month, count(*) as customers from members group by all
), activity as (
  select cohort_month, greatest(0, date_diff('month', cohort_month, order_date))::int as months_since,
    count(distinct customer_id) as active_customers, sum(total_amount) as revenue
  from silver.orders_clean join members using (customer_id)
  where status = 'completed'
  group by all
), months as (
  select cohort_month, months_since from activity
  union
  select cohort_month, 0 from sizes
)
select cohort_month, months_since, customers,
  coalesce(active_customers, 0) as active_customers,
  round(coalesce(active_customers, 0) / customers, 4)::decimal(9, 4) as active_rate,
  coalesce(revenue, 0)::decimal(18, 2) as revenue,
  getvariable('now') as updated_at
from months join sizes using (cohort_month) left join activity using (cohort_month, months_since);

create or replace table gold.hourly_traffic_metrics as
select date_trunc('hour', event_ts) as hour, event_date as date,
  count(*) as events,
  count_if(event_type = 'page_view') as page_views,
  count(distinct visitor_id) + count(distinct customer_id) filter (visitor_id is null) as unique_visitors,
  count_if(event_type = 'add_to_cart') as add_to_carts,
  count_if(event_type = 'purchase') as purchases,
  count_if(event_type = 'search') as searches,
  round(add_to_carts / nullif(page_views, 0), 4)::decimal(9, 4) as add_to_cart_rate,
  round(purchases / nullif(page_views, 0), 4)::decimal(9, 4) as purchase_rate,
  getvariable('now') as updated_at
from silver.clickstream_clean
group by all;

create or replace table gold.conversion_funnel as
with counted as (
  select event_date as date, coalesce(category, 'Unknown') as category,
    count(distinct visitor_id) + count(distinct customer_id) filter (visitor_id is null) as visitors,
    count_if(event_type = 'page_view') as page_views,
    count_if(event_type = 'add_to_cart') as add_to_carts,
    count_if(event_type = 'purchase') as purchases,
    coalesce(sum(coalesce(quantity, 1) * coalesce(events.price, 0)) filter (event_type = 'purchase'), 0)::decimal(18, 2) as revenue
  from silver.clickstream_clean as events left join silver.dim_products using (product_id)
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
  getvariable('now') as updated_at
from counted;
