-- Lines of orders, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('order_id') }} as order_id,
    {{ given('customer_id') }} as customer_id,
    {{ given('product_id') }} as product_id,
    coalesce(try_cast(quantity as decimal(18, 6)), case when {{ given('quantity') }} is null then 1 end) as quantity,
    try_cast(unit_price as decimal(12, 2)) as unit_price,
    {{ given('unit_price') }} as given_price,
    try_cast(total_amount as decimal(12, 2)) as given_amount,
    {{ given('total_amount') }} as given_total,
    try_cast(order_date as timestamp) as order_date,
    lower(trim(status)) as status,
    try_cast(updated_at as timestamp) as updated_at,
    {{ raw_row(['order_id', 'customer_id', 'product_id', 'quantity', 'unit_price', 'total_amount', 'order_date', 'status', 'updated_at',
      '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('orders_raw') }}
), totalled as (
  select *, coalesce(given_amount, case when given_total is null
    then try_cast(quantity::decimal(20, 6) * unit_price as decimal(12, 2)) end) as total_amount
  from typed
)
select *,
  {{ reasons([
    "case when order_id is null then 'order_id is missing' end",
    "case when quantity is null then 'quantity is not a number' end",
    "case when quantity <> floor(quantity) then 'quantity is not whole' end",
    "case when quantity < 0 then 'quantity is negative' end",
    "case when abs(quantity) >= 1000000000 then 'quantity is out of range' end",
    "case when unit_price is null and given_price is not null then 'unit_price is not an amount' end",
    "case when total_amount is null then 'total_amount is not an amount' end",
    "case when order_date is null then 'order_date is not a date' end",
    "case when status is null or status not in ('pending', 'completed', 'cancelled', 'refunded') then 'status is not known' end",
    "case when updated_at is null then 'updated_at is not a timestamp' end",
  ]) }} as reasons
from totalled
