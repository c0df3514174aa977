{{ config(materialized="ephemeral") }}
-- What one unit of each currency is worth in the reporting currency, from when until when.
with rates as (
  select base as currency, date, rate::double as rate, 1 as way from {{ ref('currency_rates') }} where quote = 'EUR'
  union all
  select quote, date, 1 / rate::double, 2 from {{ ref('currency_rates') }} where base = 'EUR'
  union all
  select theirs.quote, date, ours.rate::double / theirs.rate::double, 3
  from {{ ref('currency_rates') }} as ours join {{ ref('currency_rates') }} as theirs using (base, date)
  where ours.quote = 'EUR' and theirs.quote <> 'EUR'
), best as (
  select currency, date, arg_min(rate, way) as rate from rates where currency <> 'EUR' group by all
)
select currency, rate,
  case when date = min(date) over (partition by currency) then '-infinity'::date else date end as holds_from,
  coalesce(lead(date) over (partition by currency order by date), 'infinity'::date) as holds_until
from best
