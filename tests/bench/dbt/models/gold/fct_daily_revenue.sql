-- From gross to net, by day and currency.
with sold as (
  select date, currency, count(distinct order_id) as order_count, sum(gross_amount) as gross, sum(discount_amount) as discount,
    case when count(gross_reporting) = count(*) then sum(gross_reporting) end as gross_reporting,
    case when count(gross_reporting) = count(*) then sum(discount_reporting) end as discount_reporting
  from {{ ref('fct_order_items') }}
  where status in ('completed', 'refunded')
  group by all
), given_back as (
  select refund_date as date, refunds.currency, sum(amount) as refund,
    sum(case when refunds.currency = 'EUR' then amount else round((amount * rate)::decimal(38, 10), 2) end) as refund_reporting
  from {{ ref('refunds') }} left join {{ ref('stg_reporting_rates') }} as rates
    on rates.currency = refunds.currency and refund_date >= holds_from and refund_date < holds_until
  group by all
), fees as (
  select created_date as date, changes.currency, sum(fee) as fee,
    sum(case when changes.currency = 'EUR' then fee else round((fee * rate)::decimal(38, 10), 2) end) as fee_reporting
  from {{ ref('stripe_balance_transactions') }} as changes left join {{ ref('stg_reporting_rates') }} as rates
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
  {{ now() }} as updated_at
from sold full join given_back using (date, currency) full join fees using (date, currency)
