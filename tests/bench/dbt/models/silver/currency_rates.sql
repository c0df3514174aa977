{{ config(materialized='table') }}
-- Exchange rates: landed ones before those of the repository, a row for every day.
with landed as (
  select try_cast(date as date) as date, upper(trim(base)) as base, upper(trim(quote)) as quote,
    try_cast(rate as decimal(18, 8)) as rate
  from {{ ref('currency_rates_raw') }}
  qualify row_number() over (partition by date, base, quote order by source_file desc, source_row desc) = 1
), known as (
  select * from landed
  union all
  select date, base, quote, rate::decimal(18, 8) from read_csv('{{ env_var('SHOPMETRICS_RATES') }}', header = true)
  where (date, base, quote) not in (select (date, base, quote) from landed)
), spans as (
  select *, lead(date) over (partition by base, quote order by date) as next_date from known
)
select day::date as date, base, quote, rate, spans.date as known_date, day::date <> spans.date as is_filled,
  case when next_date is not null then day::date + 1 end as valid_until
from spans, unnest(generate_series(spans.date, coalesce(next_date - 1, spans.date), interval 1 day)) as days(day)
