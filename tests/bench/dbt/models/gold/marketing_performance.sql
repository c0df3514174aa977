-- What marketing cost and brought, by day, channel and campaign.
with spent as (
  select date, channel, campaign, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks,
    case when spent.currency = 'EUR' then spend else round((spend * rate)::decimal(38, 10), 2) end as spend
  from {{ ref('marketing_spend') }} as spent left join {{ ref('stg_reporting_rates') }} as rates
    on rates.currency = spent.currency and date >= holds_from and date < holds_until
), visited as (
  select session_date as date, coalesce(campaigns.channel, sessions.channel, 'other') as channel,
    coalesce(lower(trim(utm_campaign)), '(none)') as campaign, count(*) as visits
  from {{ ref('clickstream_sessions') }} as sessions left join {{ ref('campaigns') }} on campaigns.campaign = lower(trim(utm_campaign))
  group by all
), bought as (
  select touches.date, channel, campaign, count(*) as orders, count_if(is_new_customer) as new_customers,
    sum(revenue) as revenue
  from {{ ref('order_touches') }} as touches join {{ ref('fct_orders') }} as orders using (order_id)
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
  {{ now() }} as updated_at
from spent full join visited using (date, channel, campaign) full join bought using (date, channel, campaign)
