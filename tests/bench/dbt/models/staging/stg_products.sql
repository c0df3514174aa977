-- Lines of products, typed, with the reasons for which silver refuses them.
select *,
  {{ reasons([
    "case when product_id is null then 'product_id is missing' end",
    "case when updated_at is null then 'updated_at is not a timestamp' end",
    "case when given_price is not null and price is null then 'price is not an amount' end",
    "case when given_cost is not null and cost is null then 'cost is not an amount' end",
    "case when price < 0 then 'price is negative' end",
  ]) }} as reasons
from (
  select {{ given('product_id') }} as product_id,
    {{ given('product_name') }} as product_name,
    {{ given('category') }} as category,
    {{ given('subcategory') }} as subcategory,
    {{ given('brand') }} as brand,
    try_cast(price as decimal(12, 2)) as price,
    {{ given('price') }} as given_price,
    try_cast(cost as decimal(12, 2)) as cost,
    {{ given('cost') }} as given_cost,
    try_cast(updated_at as timestamp) as updated_at,
    {{ raw_row(['product_id', 'product_name', 'category', 'subcategory', 'brand', 'price', 'cost', 'updated_at',
      '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('products_raw') }}
)
