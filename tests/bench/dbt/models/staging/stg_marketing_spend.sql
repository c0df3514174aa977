-- What marketing cost, typed, with the reasons for which silver refuses them.
with typed as (
  select try_cast(date as date) as date,
    lower({{ given('channel') }}) as channel,
    coalesce(lower({{ given('campaign') }}), '(none)') as campaign,
    try_cast(spend as decimal(12, 2)) as spend,
    upper({{ given('currency') }}) as currency,
    try_cast(impressions as bigint) as impressions,
    try_cast(clicks as bigint) as clicks,
    {{ raw_row(['date', 'channel', 'campaign', 'spend', 'currency', 'impressions', 'clicks', '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('marketing_spend_raw') }}
)
select *,
  {{ reasons([
    "case when date is null then 'date is not a date' end",
    "case when channel is null then 'channel is missing' end",
    "case when spend is null then 'spend is not an amount' end",
    "case when currency is null or not regexp_matches(currency, '^[A-Z]{3}$') then 'currency is not a code of three letters' end",
  ]) }} as reasons
from typed
