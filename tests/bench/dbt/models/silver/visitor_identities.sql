{{ config(unique_key='visitor_id', incremental_strategy='delete+insert') }}
-- Which customer a visitor was, from when until when, of each visitor whose sessions were made anew.
with sessions as (
  select visitor_id, session_start, session_end from {{ ref('clickstream_sessions') }}
  where has_cookie and loaded_at > {{ since() }}
), named as (
  select sessions.visitor_id, session_start, session_end, events.customer_id, event_ts,
    lag(events.customer_id) over (partition by sessions.visitor_id, session_start order by event_ts, events.customer_id)
      is distinct from events.customer_id as begins
  from {{ ref('clickstream_clean') }} as events join sessions
    on events.visitor_id = sessions.visitor_id and event_ts between session_start and session_end
  where events.customer_id is not null
), numbered as (
  select *, count_if(begins) over (partition by visitor_id, session_start order by event_ts, customer_id) as turn from named
), turns as (
  select visitor_id, session_start, session_end, customer_id, turn, min(event_ts) as identified_at, count(*) as event_count
  from numbered group by all
)
select visitor_id, customer_id,
  case when turn = 1 then session_start else identified_at end as tied_from,
  greatest(identified_at, coalesce(
    lead(identified_at) over (partition by visitor_id, session_start order by turn) - interval 1 microsecond, session_end)) as tied_until,
  tied_from::date as tied_date, identified_at, session_start, event_count, {{ now() }} as loaded_at
from turns
