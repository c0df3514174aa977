-- Lines of orders, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('order_item_id') }} as order_item_id,
    {{ given('order_id') }} as order_id,
    {{ given('product_id') }} as product_id,
    coalesce(try_cast(quantity as decimal(18, 6)), case when {{ given('quantity') }} is null then 1 end) as quantity,
    try_cast(unit_price as decimal(12, 2)) as unit_price,
    coalesce(try_cast(discount as decimal(12, 2)), case when {{ given('discount') }} is null then 0 end) as discount,
    try_cast(updated_at as timestamp) as updated_at,
    {{ raw_row(['order_item_id', 'order_id', 'product_id', 'quantity', 'unit_price', 'discount', 'updated_at',
      '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('order_items_raw') }}
)
select *, try_cast(quantity * unit_price - discount as decimal(12, 2)) as amount,
  {{ reasons([
    "case when order_item_id is null then 'order_item_id is missing' end",
    "case when order_id is null then 'order_id is missing' end",
    "case when quantity is null then 'quantity is not a number' end",
    "case when quantity <> floor(quantity) then 'quantity is not whole' end",
    "case when unit_price is null then 'unit_price is not an amount' end",
    "case when discount is null then 'discount is not an amount' end",
    "case when updated_at is null then 'updated_at is not a timestamp' end",
  ]) }} as reasons
from typed
