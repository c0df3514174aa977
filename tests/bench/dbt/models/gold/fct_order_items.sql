{{ config(materialized='incremental', unique_key='order_id', incremental_strategy='delete+insert') }}
-- Lines of orders, of those orders of which an order, a line or a payment is new.
with changed as (
  {% for table in ['orders_clean', 'order_items', 'payments'] -%}
  {{ 'union' if not loop.first }}
  select order_id from {{ ref(table) }} where loaded_at > {{ since('updated_at') }}
  {% endfor %}
), currencies as (
  select order_id, arg_min(currency, (payment_date, payment_id)) as currency
  from {{ ref('payments') }}
  where payment_status not in ('failed', 'cancelled') and order_id in (select order_id from changed)
  group by order_id
), weighed as (
  select order_id, order_item_id, product_id, quantity, unit_price, discount, amount,
    sum(amount) over (partition by order_id) as whole, count(*) over (partition by order_id) as lines
  from {{ ref('order_items') }}
  where order_id in (select order_id from changed)
), own_lines as (
  select *,
    case when whole = 0 then lines else whole end as parts,
    case when whole = 0 then 1 else amount end as part,
    sum(case when whole = 0 then 1 else amount end) over (
      partition by order_id order by order_item_id rows unbounded preceding) as until
  from weighed
), lines as (
  select coalesce(order_item_id, order_id) as line_id, order_id, order_item_id,
    case when order_item_id is null then orders.product_id else items.product_id end as product_id,
    customer_id, customer_key, order_date::date as date, status,
    coalesce(items.quantity, orders.quantity) as quantity,
    case when order_item_id is null then orders.unit_price else items.unit_price end as unit_price,
    coalesce(discount, 0)::decimal(18, 2) as discount_amount,
    case when order_item_id is null then total_amount
      else round((total_amount * until::decimal(18, 2) / parts)::decimal(38, 10), 2)
        - round((total_amount * (until - part)::decimal(18, 2) / parts)::decimal(38, 10), 2) end::decimal(18, 2) as amount,
    coalesce(currency, 'EUR') as currency
  from {{ ref('orders_clean') }} as orders
  left join own_lines as items using (order_id)
  left join currencies using (order_id)
  where order_id in (select order_id from changed)
)
select line_id, order_id, order_item_id, product_id, customer_id, customer_key, date, status, quantity, unit_price,
  (amount + discount_amount)::decimal(18, 2) as gross_amount, discount_amount, amount, lines.currency,
  case when lines.currency = 'EUR' then discount_amount
    else round((discount_amount * rate)::decimal(38, 10), 2) end::decimal(18, 2) as discount_reporting,
  case when lines.currency = 'EUR' then amount
    else round((amount * rate)::decimal(38, 10), 2) end::decimal(18, 2) as amount_reporting,
  (amount_reporting + discount_reporting)::decimal(18, 2) as gross_reporting,
  {{ now() }} as updated_at
from lines left join {{ ref('stg_reporting_rates') }} as rates
  on rates.currency = lines.currency and date >= holds_from and date < holds_until
