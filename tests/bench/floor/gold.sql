-- Gold: made anew each day from silver.

create or replace temp table reporting_rates as
with rates as (
  select base as currency, date, rate::double as rate, 1 as way from silver.currency_rates where quote = 'EUR'
  union all
  select quote, date, 1 / rate::double, 2 from silver.currency_rates where base = 'EUR'
  union all
  select theirs.quote, date, ours.rate::double / theirs.rate::double, 3
  from silver.currency_rates as ours join silver.currency_rates as theirs using (base, date)
  where ours.quote = 'EUR' and theirs.quote <> 'EUR'
), best as (
  select currency, date, arg_min(rate, way) as rate from rates where currency <> 'EUR' group by all
)
select currency, rate,
  case when date = min(date) over (partition by currency) then '-infinity'::date else date end as holds_from,
  coalesce(lead(date) over (partition by currency order by date), 'infinity'::date) as holds_until
from best;

create or replace table gold.fct_order_items as
with currencies as (
  select order_id, arg_min(currency, (payment_date, payment_id)) as currency
  from silver.payments
  where payment_status not in ('failed', 'cancelled')
  group by order_id
), weighed as (
  select order_id, order_item_id, product_id, quantity, unit_price, discount, amount,
    sum(amount) over (partition by order_id) as whole, count(*) over (partition by order_id) as lines
  from silver.order_items
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
  from silver.orders_clean as orders
  left join own_lines as items using (order_id)
  left join currencies using (order_id)
)
select line_id, order_id, order_item_id, product_id, customer_id, customer_key, date, status, quantity, unit_price,
  (amount + discount_amount)::decimal(18, 2) as gross_amount, discount_amount, amount, lines.currency,
  case when lines.currency = 'EUR' then discount_amount
    else round((discount_amount * rate)::decimal(38, 10), 2) end::decimal(18, 2) as discount_reporting,
  case when lines.currency = 'EUR' then amount
    else round((amount * rate)::decimal(38, 10), 2) end::decimal(18, 2) as amount_reporting,
  (amount_reporting + discount_reporting)::decimal(18, 2) as gross_reporting,
  getvariable('now') as updated_at
from lines left join reporting_rates as rates
  on rates.currency = lines.currency and date >= holds_from and date < holds_until;

create or replace table gold.fct_orders as
with lines as (
  select order_id, any_value(currency) as currency, count(*)::int as line_count, sum(quantity)::bigint as units,
    sum(gross_amount) as gross_amount, sum(discount_amount) as discount_amount,
    case when count(amount_reporting) = count(*) then sum(amount_reporting) end as total_reporting
  from gold.fct_order_items
  group by order_id
), first_orders as (
  select arg_min(order_id, (order_date, order_id)) as order_id
  from silver.orders_clean
  where status = 'completed' and customer_id is not null
  group by customer_id
), paid as (
  select order_id, currency, sum(amount) as paid_amount
  from silver.payments
  where payment_status in ('completed', 'refunded', 'partially_refunded')
  group by all
), given_back as (
  select order_id, currency, sum(amount) as refunded_amount from silver.refunds group by all
)
select order_id, customer_id, customer_key, order_date::date as date, order_date as ordered_at, status,
  order_id in (select order_id from first_orders) as is_first_order,
  line_count, units, gross_amount::decimal(18, 2) as gross_amount, discount_amount::decimal(18, 2) as discount_amount,
  total_amount::decimal(18, 2) as total_amount,
  coalesce(paid_amount, 0)::decimal(18, 2) as paid_amount,
  coalesce(refunded_amount, 0)::decimal(18, 2) as refunded_amount,
  currency, total_reporting::decimal(18, 2) as total_reporting,
  getvariable('now') as updated_at
from silver.orders_clean join lines using (order_id)
  left join paid using (order_id, currency) left join given_back using (order_id, currency);

create or replace table gold.fct_daily_revenue as
with sold as (
  select date, currency, count(distinct order_id) as order_count, sum(gross_amount) as gross, sum(discount_amount) as discount,
    case when count(gross_reporting) = count(*) then sum(gross_reporting) end as gross_reporting,
    case when count(gross_reporting) = count(*) then sum(discount_reporting) end as discount_reporting
  from gold.fct_order_items
  where status in ('completed', 'refunded')
  group by all
), given_back as (
  select refund_date as date, refunds.currency, sum(amount) as refund,
    sum(case when refunds.currency = 'EUR' then amount else round((amount * rate)::decimal(38, 10), 2) end) as refund_reporting
  from silver.refunds left join reporting_rates as rates
    on rates.currency = refunds.currency and refund_date >= holds_from and refund_date < holds_until
  group by all
), fees as (
  select created_date as date, changes.currency, sum(fee) as fee,
    sum(case when changes.currency = 'EUR' then fee else round((fee * rate)::decimal(38, 10), 2) end) as fee_reporting
  from silver.stripe_balance_transactions as changes left join reporting_rates as rates
    on rates.currency = changes.currency and created_date >= holds_from and created_date < holds_until
  where not starts_with(type, 'payout')
  group by all
)
select date, currency, coalesce(order_count, 0) as order_count,
  coalesce(sold.gross, 0)::decimal(18, 2) as gross,
  coalesce(sold.discount, 0)::decimal(18, 2) as discount,
  coalesce(given_back.refund, 0)::decimal(18, 2) as refund,
  coalesce(fees.fee, 0)::decimal(18, 2) as fee,
  (coalesce(sold.gross, 0) - coalesce(sold.discount, 0) - coalesce(given_back.refund, 0) - coalesce(fees.fee, 0))::decimal(18, 2) as net,
  case when sold.date is null then 0 else sold.gross_reporting end::decimal(18, 2) as gross_reporting,
  case when sold.date is null then 0 else sold.discount_reporting end::decimal(18, 2) as discount_reporting,
  case when given_back.date is null then 0 else given_back.refund_reporting end::decimal(18, 2) as refund_reporting,
  case when fees.date is null then 0 else fees.fee_reporting end::decimal(18, 2) as fee_reporting,
  (case when sold.date is null then 0 else sold.gross_reporting - sold.discount_reporting end
    - case when given_back.date is null then 0 else given_back.refund_reporting end
    - case when fees.date is null then 0 else fees.fee_reporting end)::decimal(18, 2) as net_reporting,
  getvariable('now') as updated_at
from sold full join given_back using (date, currency) full join fees using (date, currency);

create or replace table gold.order_touches as
with purchases as (
  select order_id, min(event_ts) as bought_at,
    arg_min({visitor: coalesce(visitor_id, customer_id), has_cookie: visitor_id is not null}, (event_ts, event_id)) as who
  from silver.clickstream_clean
  where event_type = 'purchase' and order_id is not null
  group by order_id
), touches as (
  select purchases.order_id, bought_at::date as date, session_start,
    coalesce(campaigns.channel, sessions.channel, 'other') as channel,
    coalesce(lower(trim(utm_campaign)), '(none)') as campaign,
    row_number() over (partition by purchases.order_id order by session_start)::int as touch,
    count(*) over (partition by purchases.order_id) as touches
  from purchases
  join silver.clickstream_sessions as sessions
    on sessions.visitor_id = who.visitor and sessions.has_cookie = who.has_cookie
    and session_start <= bought_at and session_start >= bought_at - interval 30 days
  left join silver.campaigns on campaigns.campaign = lower(trim(utm_campaign))
)
select order_id, touch, touches.date, session_start, channel, campaign,
  (touch = 1)::int::decimal(9, 6) as first_share,
  (touch = touches)::int::decimal(9, 6) as last_share,
  case when touch < touches then round((1 / touches)::decimal(38, 10), 6)
    else 1 - (touches - 1) * round((1 / touches)::decimal(38, 10), 6) end::decimal(9, 6) as linear_share,
  coalesce(status = 'completed' and is_first_order, false) as is_new_customer,
  case when status = 'completed' then coalesce(total_reporting, 0) else 0 end::decimal(18, 2) as revenue,
  getvariable('now') as updated_at
from touches left join gold.fct_orders using (order_id);

create or replace table gold.marketing_performance as
with spent as (
  select date, channel, campaign, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks,
    case when spent.currency = 'EUR' then spend else round((spend * rate)::decimal(38, 10), 2) end as spend
  from silver.marketing_spend as spent left join reporting_rates as rates
    on rates.currency = spent.currency and date >= holds_from and date < holds_until
), visited as (
  select session_date as date, coalesce(campaigns.channel, sessions.channel, 'other') as channel,
    coalesce(lower(trim(utm_campaign)), '(none)') as campaign, count(*) as visits
  from silver.clickstream_sessions as sessions left join silver.campaigns on campaigns.campaign = lower(trim(utm_campaign))
  group by all
), bought as (
  select touches.date, channel, campaign, count(*) as orders, count_if(is_new_customer) as new_customers,
    sum(revenue) as revenue
  from gold.order_touches as touches join gold.fct_orders as orders using (order_id)
  where last_share = 1 and status = 'completed'
  group by all
)
select date, channel, campaign,
  case when spent.date is null then 0 else spent.spend end::decimal(18, 2) as spend,
  coalesce(spent.impressions, 0) as impressions, coalesce(spent.clicks, 0) as clicks,
  coalesce(visited.visits, 0) as visits,
  coalesce(bought.orders, 0) as orders,
  coalesce(bought.new_customers, 0) as new_customers,
  coalesce(bought.revenue, 0)::decimal(18, 2) as revenue,
  round(((case when spent.date is null then 0 else spent.spend end)
    / nullif(bought.new_customers, 0))::decimal(38, 10), 2)::decimal(18, 2) as cac,
  round((coalesce(bought.revenue, 0) / nullif(spent.spend, 0))::decimal(38, 10), 4)::decimal(12, 4) as roas,
  getvariable('now') as updated_at
from spent full join visited using (date, channel, campaign) full join bought using (date, channel, campaign);

create or replace table gold.dim_date as
with days as (
  select unnest(generate_series(
    make_date(coalesce((select least(year(min(order_date)), 2000) from silver.orders_clean), 2000), 1, 1),
    make_date(coalesce((select greatest(year(max(order_date)), 2040) from silver.orders_clean), 2040), 12, 31), interval 1 day))::date as date
)
select date, year(date)::int as year, quarter(date)::int as quarter, month(date)::int as month, day(date)::int as day,
  monthname(date) as month_name, date_trunc('month', date)::date as month_start, date_trunc('quarter', date)::date as quarter_start,
  weekofyear(date)::int as week, isoyear(date)::int as week_year, date_trunc('week', date)::date as week_start,
  isodow(date)::int as weekday, dayname(date) as weekday_name, isodow(date) > 5 as is_weekend, null::varchar as holiday,
  year(date)::int as fiscal_year, quarter(date)::int as fiscal_quarter,
  getvariable('now') as updated_at
from days;

create or replace table gold.daily_sales_summary as
select date,
  coalesce(category, 'Unknown') as category,
  sum(amount_reporting)::decimal(18, 2) as revenue,
  count(distinct order_id) as order_count,
  round((sum(amount_reporting) / count(distinct order_id))::decimal(38, 10), 2)::decimal(18, 2) as avg_order_value,
  getvariable('now') as updated_at
from gold.fct_order_items left join silver.dim_products using (product_id)
where status = 'completed'
group by all;

create or replace table gold.daily_order_status as
select date,
  coalesce(category, 'Unknown') as category,
  status,
  count(distinct order_id) as order_count,
  sum(amount_reporting)::decimal(18, 2) as amount,
  getvariable('now') as updated_at
from gold.fct_order_items left join silver.dim_products using (product_id)
group by all;

create or replace table gold.daily_sales_by_region as
select date,
  coalesce(country, 'Unknown') as country,
  coalesce(region, 'Unknown') as region,
  sum(total_reporting)::decimal(18, 2) as revenue,
  count(*) as order_count,
  getvariable('now') as updated_at
from gold.fct_orders left join silver.dim_customers on customer_key = surrogate_key
where status = 'completed'
group by all;

create or replace table gold.customer_ltv as
with orders as (
  select coalesce(customer_id, 'Unknown') as customer_id, sum(total_reporting) as total_revenue, count(*) as order_count,
    min(date) as first_order_date, max(date) as last_order_date
  from gold.fct_orders
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
  select date_trunc('month', date)::date as month,
    coalesce(product_id, 'Unknown') as product_id,
    sum(quantity)::bigint as units_sold,
    sum(amount_reporting)::decimal(18, 2) as total_revenue
  from gold.fct_order_items
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
  select cohort_month, greatest(0, date_diff('month', cohort_month, date))::int as months_since,
    count(distinct customer_id) as active_customers, sum(total_reporting) as revenue
  from gold.fct_orders join members using (customer_id)
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
