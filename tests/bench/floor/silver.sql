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
  select * exclude (reasons), null::bigint as change_lsn from judged_products
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
  effective_end_date is null as is_current, case when not is_current then 'changed' end as end_reason
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
    unit_price, total_amount, order_date, status, updated_at, source_file, source_row, null::bigint as change_lsn
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

-- Events: typed, judged, the first copy of each kept.
create temp table judged_events as
with typed as (
  select * replace (nullif(trim(referrer), '') as referrer, nullif(trim(utm_source), '') as utm_source,
      nullif(trim(utm_medium), '') as utm_medium, nullif(trim(utm_campaign), '') as utm_campaign, nullif(trim(order_id), '') as order_id),
    case when regexp_matches(event_ts, '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$')
      then try_cast(event_ts as timestamp) end as instant,
    coalesce(json_valid(value), false) as is_json
  from bronze.clickstream_raw
  where ingested_at = getvariable('now')
)
select * exclude (value, is_json, _rescued_data, kafka_key, kafka_schema_id, event_ts, ingested_at),
  case when value is null then ['message is empty'] when not is_json then ['message is no JSON object'] else list_filter([
    case when event_id is null then 'event_id is missing' end,
    case when event_id is not null and not (trim(event_id) <> '' and left(event_id, 1) not in ('{', '[') and length(event_id) <= 200)
      then 'event_id is not a text of 1 to 200 characters' end,
    case when visitor_id is null and customer_id is null then 'visitor_id and customer_id are missing' end,
    case when visitor_id is not null and not (trim(visitor_id) <> '' and left(visitor_id, 1) not in ('{', '[') and length(visitor_id) <= 200)
      then 'visitor_id is not a text of 1 to 200 characters' end,
    case when customer_id is not null and not (trim(customer_id) <> '' and left(customer_id, 1) not in ('{', '[') and length(customer_id) <= 200)
      then 'customer_id is not a text of 1 to 200 characters' end,
    case when event_type is null or event_type not in ('page_view', 'add_to_cart', 'purchase', 'search')
      then 'event_type is not known' end,
    case when product_id is null and event_type in ('add_to_cart', 'purchase') then 'product_id is missing'
      when product_id is not null and event_type = 'search' then 'product_id is given for a search' end,
    case when product_id is not null and not (trim(product_id) <> '' and left(product_id, 1) not in ('{', '[') and length(product_id) <= 200)
      then 'product_id is not a text of 1 to 200 characters' end,
    case when session_id is null then 'session_id is missing' end,
    case when session_id is not null and not (trim(session_id) <> '' and left(session_id, 1) not in ('{', '[') and length(session_id) <= 200)
      then 'session_id is not a text of 1 to 200 characters' end,
    case when page is null then 'page is missing' end,
    case when page is not null and not (trim(page) <> '' and left(page, 1) not in ('{', '[') and length(page) <= 2000)
      then 'page is not a text of 1 to 2000 characters' end,
    case when instant is null then 'event_ts is not an ISO instant'
      when instant > kafka_timestamp + interval 1 hour then 'event_ts lies in the future'
      when instant < kafka_timestamp - interval 30 days then 'event_ts is older than 30 days' end,
    case when quantity is not null and not regexp_matches(quantity, '^[1-9][0-9]{0,5}([.]0+)?$')
      then 'quantity is not a whole number from 1 to 999999' end,
    case when price is not null and not regexp_matches(price, '^[0-9]{1,9}([.][0-9]{1,2}0*)?$') then 'price is not an amount' end,
    case when device is not null and not (trim(device) <> '' and left(device, 1) not in ('{', '[') and length(device) <= 200)
      then 'device is not a text of 1 to 200 characters' end,
    case when country is not null and not (trim(country) <> '' and left(country, 1) not in ('{', '[') and length(country) <= 200)
      then 'country is not a text of 1 to 200 characters' end,
    case when utm_source is not null and not (trim(utm_source) <> '' and left(utm_source, 1) not in ('{', '[') and length(utm_source) <= 200)
      then 'utm_source is not a text of 1 to 200 characters' end,
    case when utm_medium is not null and not (trim(utm_medium) <> '' and left(utm_medium, 1) not in ('{', '[') and length(utm_medium) <= 200)
      then 'utm_medium is not a text of 1 to 200 characters' end,
    case when utm_campaign is not null and not (trim(utm_campaign) <> '' and left(utm_campaign, 1) not in ('{', '[') and length(utm_campaign) <= 200)
      then 'utm_campaign is not a text of 1 to 200 characters' end,
    case when order_id is not null and not (trim(order_id) <> '' and left(order_id, 1) not in ('{', '[') and length(order_id) <= 200)
      then 'order_id is not a text of 1 to 200 characters' end,
    case when referrer is not null and not (trim(referrer) <> '' and left(referrer, 1) not in ('{', '[') and length(referrer) <= 2000)
      then 'referrer is not a text of 1 to 2000 characters' end
  ], lambda reason: reason is not null) end as reasons
from typed;

insert into silver.rejected_rows
select 'silver.clickstream_clean', reasons,
  to_json({value: raw.value, kafka_topic: raw.kafka_topic, kafka_partition: raw.kafka_partition, kafka_offset: raw.kafka_offset,
    kafka_timestamp: replace(raw.kafka_timestamp::varchar, ' ', 'T') || 'Z', kafka_key: raw.kafka_key, kafka_schema_id: raw.kafka_schema_id,
    event_id: raw.event_id, visitor_id: raw.visitor_id, customer_id: raw.customer_id, product_id: raw.product_id,
    event_type: raw.event_type, session_id: raw.session_id, page: raw.page, event_ts: raw.event_ts,
    quantity: raw.quantity, price: raw.price, device: raw.device, country: raw.country, referrer: raw.referrer,
    utm_source: raw.utm_source, utm_medium: raw.utm_medium, utm_campaign: raw.utm_campaign, order_id: raw.order_id,
    _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_events join bronze.clickstream_raw as raw using (source_file, source_row)
where len(reasons) > 0;

create temp table new_events as
select event_id, visitor_id, customer_id, product_id, event_type, session_id, page, instant as event_ts, instant::date as event_date,
  quantity::decimal(18, 6)::int as quantity, price::decimal(12, 2) as price, device, country, referrer, utm_source,
  utm_medium, utm_campaign, order_id, kafka_timestamp as received_at,
  kafka_timestamp > instant + interval 10 minutes as is_late, kafka_topic, kafka_partition, kafka_offset, source_file,
  source_row, source_load
from judged_events
where len(reasons) = 0
  and event_id not in (select event_id from silver.clickstream_clean)
qualify row_number() over (partition by event_id order by kafka_timestamp, kafka_topic, kafka_partition, kafka_offset) = 1;

insert into silver.clickstream_clean select * from new_events;

create or replace table silver.clickstream_late as
select event_id, visitor_id, customer_id, event_type, page, event_ts, event_date, device, country, referrer, utm_source,
  utm_medium, utm_campaign
from silver.clickstream_clean
where is_late;

-- The sessions of each visitor who has a new event, made anew from all their events.
create temp table visitors as select distinct coalesce(visitor_id, customer_id) as visitor_id, visitor_id is not null as has_cookie from new_events;

create temp table session_events as
with events as (
  select * replace (coalesce(visitor_id, customer_id) as visitor_id), visitor_id is not null as has_cookie
  from silver.clickstream_clean
  where (coalesce(visitor_id, customer_id), visitor_id is not null) in (select (visitor_id, has_cookie) from visitors)
), spaced as (
  select *,
    coalesce(event_ts > lag(event_ts) over (partition by visitor_id, has_cookie order by event_ts) + interval 30 minutes, true) as begins,
    case when not has_cookie then null
      when lower(trim(utm_medium)) in ('cpc', 'ppc', 'cpm', 'paid', 'paid_search', 'paid_social', 'display', 'banner', 'retargeting')
        then 'paid'
      when lower(trim(utm_medium)) in ('email', 'e-mail', 'newsletter') then 'email'
      when lower(trim(utm_medium)) in ('social', 'organic_social') then 'social'
      when lower(trim(utm_medium)) = 'organic' then 'search'
      when lower(trim(utm_medium)) in ('referral', 'affiliate') then 'referral'
      when coalesce(utm_medium, utm_source, utm_campaign) is not null then 'other'
      when referrer is null then 'direct'
      when regexp_matches(lower(referrer), '^https?://([a-z0-9-]+[.])*(google|bing|duckduckgo|yahoo|ecosia|qwant|search)[.]')
        then 'search'
      when regexp_matches(lower(referrer),
        '^https?://([a-z0-9-]+[.])*(facebook|instagram|tiktok|pinterest|reddit|linkedin|youtube|social)[.]') then 'social'
      else 'referral' end as channel
  from events
)
select *, count_if(begins) over (partition by visitor_id, has_cookie order by event_ts) as session from spaced;

create temp table new_sessions as
select visitor_id, has_cookie, arg_min(customer_id, (event_ts, event_id)) filter (customer_id is not null) as customer_id,
  min(event_ts) as session_start, max(event_ts) as session_end, min(event_ts)::date as session_date,
  epoch(date_trunc('second', max(event_ts)))::bigint - epoch(date_trunc('second', min(event_ts)))::bigint as session_duration,
  count(*) as event_count,
  count_if(event_type = 'page_view') as page_views,
  count_if(event_type = 'search') as searches,
  count_if(event_type = 'add_to_cart') as add_to_carts,
  count_if(event_type = 'purchase') as purchases,
  count_if(event_type = 'purchase') > 0 as converted,
  unnest(arg_min({landing_page: page, device: device, country: country, channel: channel, referrer: referrer,
    utm_source: utm_source, utm_medium: utm_medium, utm_campaign: utm_campaign}, (event_ts, event_id))),
  session
from session_events
group by visitor_id, has_cookie, session;

delete from silver.clickstream_sessions where (visitor_id, has_cookie) in (select (visitor_id, has_cookie) from visitors);
insert into silver.clickstream_sessions select * exclude (session) from new_sessions;

delete from silver.visitor_identities where visitor_id in (select visitor_id from visitors where has_cookie);
insert into silver.visitor_identities
with named as (
  select sessions.visitor_id, session_start, session_end, events.customer_id, event_ts,
    lag(events.customer_id) over (partition by sessions.visitor_id, session_start order by event_ts, events.customer_id)
      is distinct from events.customer_id as begins
  from session_events as events join new_sessions as sessions using (visitor_id, has_cookie, session)
  where events.has_cookie and events.customer_id is not null
), numbered as (
  select *, count_if(begins) over (partition by visitor_id, session_start order by event_ts, customer_id) as turn from named
), turns as (
  select visitor_id, session_start, session_end, customer_id, turn, min(event_ts) as identified_at, count(*) as event_count
  from numbered group by all
)
select visitor_id, customer_id,
  case when turn = 1 then session_start else identified_at end as tied_from,
  greatest(identified_at, coalesce(
    lead(identified_at) over (partition by visitor_id, session_start order by turn) - interval 1 microsecond, session_end)),
  tied_from::date, identified_at, session_start, event_count
from turns;

-- Lines of orders: typed, judged, the newest kept.
create temp table judged_order_items as
with typed as (
  select nullif(trim(order_item_id), '') as order_item_id,
    nullif(trim(order_id), '') as order_id,
    nullif(trim(product_id), '') as product_id,
    coalesce(try_cast(quantity as decimal(18, 6)), case when nullif(trim(quantity), '') is null then 1 end) as quantity,
    try_cast(unit_price as decimal(12, 2)) as unit_price,
    coalesce(try_cast(discount as decimal(12, 2)), case when nullif(trim(discount), '') is null then 0 end) as discount,
    try_cast(updated_at as timestamp) as updated_at,
    source_file, source_row
  from bronze.order_items_raw
  where ingested_at = getvariable('now')
)
select *, try_cast(quantity * unit_price - discount as decimal(12, 2)) as amount,
  list_filter([
    case when order_item_id is null then 'order_item_id is missing' end,
    case when order_id is null then 'order_id is missing' end,
    case when quantity is null then 'quantity is not a number' end,
    case when quantity <> floor(quantity) then 'quantity is not whole' end,
    case when unit_price is null then 'unit_price is not an amount' end,
    case when discount is null then 'discount is not an amount' end,
    case when updated_at is null then 'updated_at is not a timestamp' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.order_items', reasons,
  to_json({order_item_id: raw.order_item_id, order_id: raw.order_id, product_id: raw.product_id, quantity: raw.quantity,
    unit_price: raw.unit_price, discount: raw.discount, updated_at: raw.updated_at, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_order_items join bronze.order_items_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.order_items as kept
using (
  select order_item_id, order_id, product_id, quantity::int as quantity, unit_price, discount, amount, updated_at,
    source_file, source_row, null::bigint as change_lsn
  from judged_order_items
  where len(reasons) = 0
  qualify row_number() over (partition by order_item_id order by updated_at desc, source_file desc, source_row desc) = 1
) as new on new.order_item_id = kept.order_item_id
when matched and (new.updated_at, new.source_file, new.source_row) >= (kept.updated_at, kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Payments: typed, judged, the newest kept.
create temp table judged_payments as
with typed as (
  select nullif(trim(payment_id), '') as payment_id,
    nullif(trim(order_id), '') as order_id,
    try_cast(amount as decimal(12, 2)) as amount,
    coalesce(upper(nullif(trim(currency), '')), 'EUR') as currency,
    nullif(trim(payment_method), '') as payment_method,
    lower(trim(payment_status)) as payment_status,
    nullif(trim(transaction_id), '') as transaction_id,
    try_cast(payment_date as timestamp) as payment_date,
    try_cast(updated_at as timestamp) as updated_at,
    source_file, source_row
  from bronze.payments_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when payment_id is null then 'payment_id is missing' end,
    case when amount is null then 'amount is not an amount' end,
    case when currency is null or not regexp_matches(currency, '^[A-Z]{3}$') then 'currency is not a code of three letters' end,
    case when payment_status is null
        or payment_status not in ('pending', 'completed', 'failed', 'cancelled', 'refunded', 'partially_refunded')
      then 'payment_status is not known' end,
    case when payment_date is null then 'payment_date is not a date' end,
    case when updated_at is null then 'updated_at is not a timestamp' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.payments', reasons,
  to_json({payment_id: raw.payment_id, order_id: raw.order_id, amount: raw.amount, currency: raw.currency,
    payment_method: raw.payment_method, payment_status: raw.payment_status, transaction_id: raw.transaction_id,
    payment_date: raw.payment_date, updated_at: raw.updated_at, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_payments join bronze.payments_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.payments as kept
using (
  select payment_id, order_id, amount, currency, payment_method, payment_status, transaction_id, payment_date, updated_at,
    source_file, source_row, null::bigint as change_lsn
  from judged_payments
  where len(reasons) = 0
  qualify row_number() over (partition by payment_id order by updated_at desc, source_file desc, source_row desc) = 1
) as new on new.payment_id = kept.payment_id
when matched and (new.updated_at, new.source_file, new.source_row) >= (kept.updated_at, kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- What marketing cost: typed, judged, the newest kept.
create temp table judged_marketing_spend as
with typed as (
  select try_cast(date as date) as date,
    lower(nullif(trim(channel), '')) as channel,
    coalesce(lower(nullif(trim(campaign), '')), '(none)') as campaign,
    try_cast(spend as decimal(12, 2)) as spend,
    upper(nullif(trim(currency), '')) as currency,
    try_cast(impressions as bigint) as impressions,
    try_cast(clicks as bigint) as clicks,
    source_file, source_row
  from bronze.marketing_spend_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when date is null then 'date is not a date' end,
    case when channel is null then 'channel is missing' end,
    case when spend is null then 'spend is not an amount' end,
    case when currency is null or not regexp_matches(currency, '^[A-Z]{3}$') then 'currency is not a code of three letters' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.marketing_spend', reasons,
  to_json({date: raw.date, channel: raw.channel, campaign: raw.campaign, spend: raw.spend, currency: raw.currency,
    impressions: raw.impressions, clicks: raw.clicks, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_marketing_spend join bronze.marketing_spend_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.marketing_spend as kept
using (
  select date, channel, campaign, spend, currency, impressions, clicks,
    source_file, source_row
  from judged_marketing_spend
  where len(reasons) = 0
  qualify row_number() over (partition by date, channel, campaign order by source_file desc, source_row desc) = 1
) as new on new.date = kept.date and new.channel = kept.channel and new.campaign = kept.campaign
when matched and (new.source_file, new.source_row) >= (kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Campaigns: typed, judged, the newest kept.
create temp table judged_campaigns as
with typed as (
  select lower(nullif(trim(campaign), '')) as campaign,
    lower(nullif(trim(channel), '')) as channel,
    nullif(trim(name), '') as name,
    try_cast(start_date as date) as start_date,
    try_cast(end_date as date) as end_date,
    try_cast(budget as decimal(12, 2)) as budget,
    upper(nullif(trim(currency), '')) as currency,
    source_file, source_row
  from bronze.campaigns_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when campaign is null then 'campaign is missing' end,
    case when channel is null then 'channel is missing' end,
    case when start_date is null then 'start_date is not a date' end,
    case when currency is null or not regexp_matches(currency, '^[A-Z]{3}$') then 'currency is not a code of three letters' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.campaigns', reasons,
  to_json({campaign: raw.campaign, channel: raw.channel, name: raw.name, start_date: raw.start_date, end_date: raw.end_date,
    budget: raw.budget, currency: raw.currency, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_campaigns join bronze.campaigns_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.campaigns as kept
using (
  select campaign, channel, name, start_date, end_date, budget, currency,
    source_file, source_row
  from judged_campaigns
  where len(reasons) = 0
  qualify row_number() over (partition by campaign order by source_file desc, source_row desc) = 1
) as new on new.campaign = kept.campaign
when matched and (new.source_file, new.source_row) >= (kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Stripe: charges: typed, judged, the newest kept.
create temp table judged_stripe_charges as
with typed as (
  select nullif(trim(charge_id), '') as charge_id,
    nullif(trim(payment_intent_id), '') as payment_intent_id,
    nullif(trim(order_id), '') as order_id,
    cents(amount, currency) as amount,
    cents(amount_refunded, currency) as amount_refunded,
    upper(trim(currency)) as currency,
    lower(trim(status)) as status,
    nullif(trim(balance_transaction_id), '') as balance_transaction_id,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    try_cast(trim(livemode) as boolean) as livemode,
    source_file, source_row
  from bronze.stripe_charges_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when charge_id is null then 'charge_id is missing' end,
    case when amount is null then 'amount is not an amount' end,
    case when status is null or status not in ('succeeded', 'pending', 'failed') then 'status is not known' end,
    case when created_at is null then 'created is not a time' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.stripe_charges', reasons,
  to_json({charge_id: raw.charge_id, payment_intent_id: raw.payment_intent_id, order_id: raw.order_id, amount: raw.amount,
    amount_refunded: raw.amount_refunded, currency: raw.currency, status: raw.status,
    balance_transaction_id: raw.balance_transaction_id, created: raw.created, livemode: raw.livemode,
    value: raw.value, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_stripe_charges join bronze.stripe_charges_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.stripe_charges as kept
using (
  select charge_id, payment_intent_id, order_id, amount, amount_refunded, currency, status, balance_transaction_id, created_at, livemode,
    source_file, source_row
  from judged_stripe_charges
  where len(reasons) = 0
  qualify row_number() over (partition by charge_id order by source_file desc, source_row desc) = 1
) as new on new.charge_id = kept.charge_id
when matched and (new.source_file, new.source_row) >= (kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Stripe: refunds: typed, judged, the newest kept.
create temp table judged_stripe_refunds as
with typed as (
  select nullif(trim(refund_id), '') as refund_id,
    nullif(trim(charge_id), '') as charge_id,
    nullif(trim(payment_intent_id), '') as payment_intent_id,
    cents(amount, currency) as amount,
    upper(trim(currency)) as currency,
    lower(trim(status)) as status,
    nullif(trim(reason), '') as reason,
    nullif(trim(balance_transaction_id), '') as balance_transaction_id,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    try_cast(trim(livemode) as boolean) as livemode,
    source_file, source_row
  from bronze.stripe_refunds_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when refund_id is null then 'refund_id is missing' end,
    case when amount is null then 'amount is not an amount' end,
    case when status is null or status not in ('pending', 'requires_action', 'succeeded', 'failed', 'canceled')
      then 'status is not known' end,
    case when created_at is null then 'created is not a time' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.stripe_refunds', reasons,
  to_json({refund_id: raw.refund_id, charge_id: raw.charge_id, payment_intent_id: raw.payment_intent_id, amount: raw.amount,
    currency: raw.currency, status: raw.status, reason: raw.reason,
    balance_transaction_id: raw.balance_transaction_id, created: raw.created, livemode: raw.livemode,
    value: raw.value, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_stripe_refunds join bronze.stripe_refunds_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.stripe_refunds as kept
using (
  select refund_id, charge_id, payment_intent_id, amount, currency, status, reason, balance_transaction_id, created_at, livemode,
    source_file, source_row
  from judged_stripe_refunds
  where len(reasons) = 0
  qualify row_number() over (partition by refund_id order by source_file desc, source_row desc) = 1
) as new on new.refund_id = kept.refund_id
when matched and (new.source_file, new.source_row) >= (kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Stripe: disputes: typed, judged, the newest kept.
create temp table judged_stripe_disputes as
with typed as (
  select nullif(trim(dispute_id), '') as dispute_id,
    nullif(trim(charge_id), '') as charge_id,
    cents(amount, currency) as amount,
    upper(trim(currency)) as currency,
    lower(trim(status)) as status,
    nullif(trim(reason), '') as reason,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    try_cast(trim(livemode) as boolean) as livemode,
    source_file, source_row
  from bronze.stripe_disputes_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when dispute_id is null then 'dispute_id is missing' end,
    case when amount is null then 'amount is not an amount' end,
    case when status is null then 'status is missing' end,
    case when created_at is null then 'created is not a time' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.stripe_disputes', reasons,
  to_json({dispute_id: raw.dispute_id, charge_id: raw.charge_id, amount: raw.amount, currency: raw.currency,
    status: raw.status, reason: raw.reason, created: raw.created, livemode: raw.livemode, value: raw.value,
    _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_stripe_disputes join bronze.stripe_disputes_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.stripe_disputes as kept
using (
  select dispute_id, charge_id, amount, currency, status, reason, created_at, livemode,
    source_file, source_row
  from judged_stripe_disputes
  where len(reasons) = 0
  qualify row_number() over (partition by dispute_id order by source_file desc, source_row desc) = 1
) as new on new.dispute_id = kept.dispute_id
when matched and (new.source_file, new.source_row) >= (kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Stripe: changes of the balance: typed, judged, the newest kept.
create temp table judged_stripe_balance_transactions as
with typed as (
  select nullif(trim(balance_transaction_id), '') as balance_transaction_id,
    lower(trim(type)) as type,
    nullif(trim(source_id), '') as source_id,
    cents(amount, currency) as amount,
    cents(fee, currency) as fee,
    cents(net, currency) as net,
    upper(trim(currency)) as currency,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    created_at::date as created_date,
    make_timestamp(try_cast(available_on as bigint) * 1000000)::date as available_on,
    source_file, source_row
  from bronze.stripe_balance_transactions_raw
  where ingested_at = getvariable('now')
)
select *,
  list_filter([
    case when balance_transaction_id is null then 'balance_transaction_id is missing' end,
    case when type is null then 'type is missing' end,
    case when amount is null then 'amount is not an amount' end,
    case when fee is null then 'fee is not an amount' end,
    case when net is null then 'net is not an amount' end,
    case when created_at is null then 'created is not a time' end
  ], lambda reason: reason is not null) as reasons
from typed;

insert into silver.rejected_rows
select 'silver.stripe_balance_transactions', reasons,
  to_json({balance_transaction_id: raw.balance_transaction_id, type: raw.type, source_id: raw.source_id, amount: raw.amount,
    fee: raw.fee, net: raw.net, currency: raw.currency, created: raw.created, available_on: raw.available_on,
    value: raw.value, _rescued_data: raw._rescued_data})::varchar,
  source_file, source_row, getvariable('now'), 'floor'
from judged_stripe_balance_transactions join bronze.stripe_balance_transactions_raw as raw using (source_file, source_row)
where len(reasons) > 0;

merge into silver.stripe_balance_transactions as kept
using (
  select balance_transaction_id, type, source_id, amount, fee, net, currency, created_at, created_date, available_on,
    source_file, source_row
  from judged_stripe_balance_transactions
  where len(reasons) = 0
  qualify row_number() over (partition by balance_transaction_id order by source_file desc, source_row desc) = 1
) as new on new.balance_transaction_id = kept.balance_transaction_id
when matched and (new.source_file, new.source_row) >= (kept.source_file, kept.source_row)
  then update
when not matched then insert;

-- Exchange rates: landed ones before those of the repository, a row for every day.
create or replace table silver.currency_rates as
with landed as (
  select try_cast(date as date) as date, upper(trim(base)) as base, upper(trim(quote)) as quote,
    try_cast(rate as decimal(18, 8)) as rate
  from bronze.currency_rates_raw
  qualify row_number() over (partition by date, base, quote order by source_file desc, source_row desc) = 1
), known as (
  select * from landed
  union all
  select date, base, quote, rate::decimal(18, 8) from read_csv(getvariable('rates'), header = true)
  where (date, base, quote) not in (select (date, base, quote) from landed)
), spans as (
  select *, lead(date) over (partition by base, quote order by date) as next_date from known
)
select day::date as date, base, quote, rate, spans.date as known_date, day::date <> spans.date as is_filled,
  case when next_date is not null then day::date + 1 end as valid_until
from spans, unnest(generate_series(spans.date, coalesce(next_date - 1, spans.date), interval 1 day)) as days(day);

-- What was given back: Stripe's word before the payment's, the payment's before the order's.
create or replace table silver.refunds as
with at_stripe as (
  select refund_id, charge_id, refunds.amount, refunds.currency, refunds.created_at, reason, 'stripe' as source, charges.order_id,
    coalesce(refunds.payment_intent_id, charges.payment_intent_id) as intent
  from silver.stripe_refunds as refunds left join silver.stripe_charges as charges using (charge_id)
  where refunds.status = 'succeeded'
  union all
  select dispute_id, charge_id, disputes.amount, disputes.currency, disputes.created_at,
    'dispute lost: ' || coalesce(reason, 'no reason given'), 'dispute', charges.order_id, charges.payment_intent_id
  from silver.stripe_disputes as disputes left join silver.stripe_charges as charges using (charge_id)
  where disputes.status = 'lost'
), paid as (
  select payment_id, order_id, transaction_id from silver.payments where transaction_id is not null
), given_back as (
  select refund_id, coalesce(by_charge.order_id, by_intent.order_id, at_stripe.order_id, 'Unknown') as order_id,
    coalesce(by_charge.payment_id, by_intent.payment_id) as payment_id, amount, currency, created_at as refunded_at, reason, source
  from at_stripe
  left join paid as by_charge on by_charge.transaction_id = at_stripe.charge_id
  left join paid as by_intent on by_intent.transaction_id = at_stripe.intent and by_charge.payment_id is null
  union all
  select 'payment:' || payment_id, coalesce(order_id, 'Unknown'), payment_id, amount, currency, updated_at, null, 'payment'
  from silver.payments
  where payment_status = 'refunded'
    and (transaction_id is null or transaction_id not in (
      select charge_id from silver.stripe_charges
      union all
      select payment_intent_id from silver.stripe_charges where payment_intent_id is not null))
  union all
  select 'order:' || order_id, order_id, null, total_amount, 'EUR', updated_at, null, 'order'
  from silver.orders_clean
  where status = 'refunded'
    and order_id not in (select order_id from silver.payments where order_id is not null)
    and order_id not in (select order_id from silver.stripe_charges where order_id is not null)
)
select refund_id, order_id, payment_id, amount, currency, refunded_at, refunded_at::date as refund_date, reason, source
from given_back;
