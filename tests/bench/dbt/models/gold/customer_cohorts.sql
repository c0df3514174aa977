-- Customers by the month they signed up, and how many still buy.
with members as (
  select customer_id, date_trunc('month', signup_date)::date as cohort_month
  from {{ ref('dim_customers') }}
  where is_current and signup_date is not null
), sizes as (
  select cohort_month, count(*) as customers from members group by all
), activity as (
  select cohort_month, greatest(0, date_diff('month', cohort_month, date))::int as months_since,
    count(distinct customer_id) as active_customers, sum(total_reporting) as revenue
  from {{ ref('fct_orders') }} join members using (customer_id)
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
  {{ now() }} as updated_at
from months join sizes using (cohort_month) left join activity using (cohort_month, months_since)
