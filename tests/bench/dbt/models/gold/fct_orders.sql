-- Orders, one row each, with what was paid and given back.
with lines as (
  select order_id, any_value(currency) as currency, count(*)::int as line_count, sum(quantity)::bigint as units,
    sum(gross_amount) as gross_amount, sum(discount_amount) as discount_amount,
    case when count(amount_reporting) = count(*) then sum(amount_reporting) end as total_reporting
  from {{ ref('fct_order_items') }}
  group by order_id
), first_orders as (
  select arg_min(order_id, (order_date, order_id)) as order_id
  from {{ ref('orders_clean') }}
  where status = 'completed' and customer_id is not null
  group by customer_id
), paid as (
  select order_id, currency, sum(amount) as paid_amount
  from {{ ref('payments') }}
  where payment_status in ('completed', 'refunded', 'partially_refunded')
  group by all
), given_back as (
  select order_id, currency, sum(amount) as refunded_amount from {{ ref('refunds') }} group by all
)
select order_id, customer_id, customer_key, order_date::date as date, order_date as ordered_at, status,
  order_id in (select order_id from first_orders) as is_first_order,
  line_count, units, gross_amount::decimal(18, 2) as gross_amount, discount_amount::decimal(18, 2) as discount_amount,
  total_amount::decimal(18, 2) as total_amount,
  coalesce(paid_amount, 0)::decimal(18, 2) as paid_amount,
  coalesce(refunded_amount, 0)::decimal(18, 2) as refunded_amount,
  currency, total_reporting::decimal(18, 2) as total_reporting,
  {{ now() }} as updated_at
from {{ ref('orders_clean') }} join lines using (order_id)
  left join paid using (order_id, currency) left join given_back using (order_id, currency)
