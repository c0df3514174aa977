-- The visits that led to an order, with the share that each is credited with.
with purchases as (
  select order_id, min(event_ts) as bought_at,
    arg_min({visitor: coalesce(visitor_id, customer_id), has_cookie: visitor_id is not null}, (event_ts, event_id)) as who
  from {{ ref('clickstream_clean') }}
  where event_type = 'purchase' and order_id is not null
  group by order_id
), touches as (
  select purchases.order_id, bought_at::date as date, session_start,
    coalesce(campaigns.channel, sessions.channel, 'other') as channel,
    coalesce(lower(trim(utm_campaign)), '(none)') as campaign,
    row_number() over (partition by purchases.order_id order by session_start)::int as touch,
    count(*) over (partition by purchases.order_id) as touches
  from purchases
  join {{ ref('clickstream_sessions') }} as sessions
    on sessions.visitor_id = who.visitor and sessions.has_cookie = who.has_cookie
    and session_start <= bought_at and session_start >= bought_at - interval 30 days
  left join {{ ref('campaigns') }} on campaigns.campaign = lower(trim(utm_campaign))
)
select order_id, touch, touches.date, session_start, channel, campaign,
  (touch = 1)::int::decimal(9, 6) as first_share,
  (touch = touches)::int::decimal(9, 6) as last_share,
  case when touch < touches then round((1 / touches)::decimal(38, 10), 6)
    else 1 - (touches - 1) * round((1 / touches)::decimal(38, 10), 6) end::decimal(9, 6) as linear_share,
  coalesce(status = 'completed' and is_first_order, false) as is_new_customer,
  case when status = 'completed' then coalesce(total_reporting, 0) else 0 end::decimal(18, 2) as revenue,
  {{ now() }} as updated_at
from touches left join {{ ref('fct_orders') }} using (order_id)
