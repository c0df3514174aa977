-- Silver: the rows that this day brought, typed, judged and merged.

create temp table judged_products as
select nullif(trim(product_id), '') as product_id,
  nullif(trim(product_name), '') as product_name,
  nullif(trim(category), '') as category,
  nullif(trim(subcategory), '') as subcategory,
  nullif(trim(brand), '') as brand,
  try_cast(price as decimal(12, 2)) as price,
  try_cast(cost as decimal(12, 2)) as cost,
  try_cast(updated_at as timestamp) as updated_at,
  source_file, source_row,
  list_filter([
    case when nullif(trim(product_id), '') is null then 'product_id is missing' end,
    case when try_cast(updated_at as timestamp) is null then 'updated_at is not a timestamp' end,
    case when nullif(trim(price), '') is not null and try_cast(price as decimal(12, 2)) is null
      then 'price is not an amount' end,
    case when nullif(trim(cost), '') is not null and try_cast(cost as decimal(12, 2)) is null
      then 'cost is not an amount' end,
    case when try_cast(price as decimal(12, 2)) < 0 then 'price is negative' end
  ], lambda reason: reason is not null) as reasons
from bronze.products_raw
where ingested_at = getvariable('now');

insert into silver.rejected_rows
select 'silver.dim_products', reasons,
  to_json({product_id: raw.product_id, product_name: raw.product_name, category: raw.category,
    subcategory: raw.subcategory, brand: raw.brand, price: raw.price, cost: raw.cost, updated_at: raw.updated_at,
    _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_products join bronze.products_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.dim_products as kept
using (
  select * exclude (reasons) from judged_products
  where len(reasons) = 0
  qualify row_number() over (partition by product_id order by updated_at desc, source_file desc, source_row desc) = 1
) as new on new.product_id = kept.product_id
when matched and (new.updated_at, new.source_file, new.source_row) >= (kept.updated_at, kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- The history of each customer who has a new line, made anew from all their lines.
create temp table judged_customers as
select source_file, source_row, trim(customer_id) as customer_id,
  list_filter([
    case when nullif(trim(customer_id), '') is null then 'customer_id is missing' end,
    case when try_cast(updated_at as timestamp) is null then 'updated_at is not a timestamp' end,
    case when nullif(trim(signup_date), '') is not null and try_cast(signup_date as date) is null
      then 'signup_date is not a date' end
  ], lambda reason: reason is not null) as reasons
from bronze.customers_raw
where ingested_at = getvariable('now');

insert into silver.rejected_rows
select 'silver.dim_customers', reasons,
  to_json({customer_id: raw.customer_id, first_name: raw.first_name, last_name: raw.last_name, email: raw.email,
    phone: raw.phone, city: raw.city, region: raw.region, country: raw.country, signup_date: raw.signup_date,
    updated_at: raw.updated_at, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_customers join bronze.customers_raw as raw using (source_file, source_row)
where len(reasons) > 0;

create temp table histories as
with lines as (
  select trim(customer_id) as customer_id,
    nullif(trim(first_name), '') as first_name,
    nullif(trim(last_name), '') as last_name,
    lower(nullif(trim(email), '')) as email,
    nullif(trim(phone), '') as phone,
    nullif(trim(city), '') as city,
    nullif(trim(region), '') as region,
    nullif(trim(country), '') as country,
    try_cast(signup_date as date) as signup_date,
    try_cast(updated_at as timestamp) as effective_start_date,
    source_file, source_row
  from bronze.customers_raw
  where trim(customer_id) in (select customer_id from judged_customers)
    and nullif(trim(customer_id), '') is not null
    and try_cast(updated_at as timestamp) is not null
    and (nullif(trim(signup_date), '') is null or try_cast(signup_date as date) is not null)
), latest as (
  select *, row(first_name, last_name, email, phone, city, region, country, signup_date) as attributes from lines
  qualify row_number() over (
    partition by customer_id, effective_start_date order by source_file desc, source_row desc) = 1
), versions as (
  select * from latest
  qualify lag(attributes) over (partition by customer_id order by effective_start_date) is distinct from attributes
)
select md5(customer_id || '|' || epoch_us(effective_start_date)) as surrogate_key,
  customer_id, first_name, last_name, email, phone, city, region, country, signup_date, effective_start_date,
  lead(effective_start_date) over (partition by customer_id order by effective_start_date) as effective_end_date,
  effective_end_date is null as is_current
from versions;

delete from silver.dim_customers where customer_id in (select customer_id from histories);
insert into silver.dim_customers select * from histories;

-- Orders, each tied to the customer's version of its day.
create temp table judged_orders as
with typed as (
  select nullif(trim(order_id), '') as order_id,
    nullif(trim(customer_id), '') as customer_id,
    nullif(trim(product_id), '') as product_id,
    coalesce(try_cast(quantity as decimal(18, 6)), case when nullif(trim(quantity), '') is null then 1 end) as quantity,
    try_cast(unit_price as decimal(12, 2)) as unit_price,
    nullif(trim(unit_price), '') as given_price,
    try_cast(total_amount as decimal(12, 2)) as total_amount,
    nullif(trim(total_amount), '') as given_total,
    try_cast(order_date as timestamp) as order_date,
    lower(trim(status)) as status,
    try_cast(updated_at as timestamp) as updated_at,
    source_file, source_row
  from bronze.orders_raw
  where ingested_at = getvariable('now')
)
select order_id, customer_id, product_id, quantity, unit_price,
  coalesce(total_amount, case when given_total is null
    then try_cast(quantity::decimal(20, 6) * unit_price as decimal(12, 2)) end) as total_amount,
  order_date, status, updated_at, source_file, source_row,
  list_filter([
    case when order_id is null then 'order_id is missing' end,
    case when quantity is null then 'quantity is not a number' end,
    case when quantity <> floor(quantity) then 'quantity is not whole' end,
    case when quantity < 0 then 'quantity is negative' end,
    case when abs(quantity) >= 1000000000 then 'quantity is out of range' end,
    case when unit_price is null and given_price is not null then 'unit_price is not an amount' end,
    case when coalesce(typed.total_amount, case when given_total is null
      then try_cast(quantity::decimal(20, 6) * unit_price as decimal(12, 2)) end) is null
      then 'total_amount is not an amount' end,
    case when order_date is null then 'order_date is not a date' end,
    case when status is null or status not in ('pending', 'completed', 'cancelled', 'refunded')
      then 'status is not known' end,
    case when updated_at is null then 'updated_at is not a timestamp' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.orders_clean', reasons,
  to_json({order_id: raw.order_id, customer_id: raw.customer_id, product_id: raw.product_id, quantity: raw.quantity,
    unit_price: raw.unit_price, total_amount: raw.total_amount, order_date: raw.order_date, status: raw.status,
    updated_at: raw.updated_at, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_orders join bronze.orders_raw as raw using (source_file, source_row)
where len(reasons) > 0;

create temp table versions as
select customer_id, surrogate_key,
  case when effective_start_date = min(effective_start_date) over (partition by customer_id)
    then '-infinity'::timestamp else effective_start_date end as holds_from,
  coalesce(effective_end_date, 'infinity'::timestamp) as holds_until
from silver.dim_customers;

-- A late change of a customer moves orders that are here already to another version.
update silver.orders_clean as orders
set customer_key = versions.surrogate_key
from versions
where versions.customer_id in (select customer_id from judged_customers)
  and versions.customer_id = orders.customer_id
  and orders.order_date >= versions.holds_from and orders.order_date < versions.holds_until
  and orders.customer_key is distinct from versions.surrogate_key;

merge into silver.orders_clean as kept
using (
  select order_id, orders.customer_id, surrogate_key as customer_key, product_id, quantity::int as quantity,
    unit_price, total_amount, order_date, status, updated_at, source_file, source_row
  from (
    select * from judged_orders
    where len(reasons) = 0
    qualify row_number() over (partition by order_id order by updated_at desc, source_file desc, source_row desc) = 1
  ) as orders
  left join versions
    on versions.customer_id = orders.customer_id
    and orders.order_date >= versions.holds_from and orders.order_date < versions.holds_until
) as new on new.order_id = kept.order_id
when matched and (new.updated_at, new.source_file, new.source_row) >= (kept.updated_at, kept.source_file, kept.source_row)
  then update
when not matched then insert;
