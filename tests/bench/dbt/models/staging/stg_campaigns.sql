-- Campaigns, typed, with the reasons for which silver refuses them.
with typed as (
  select lower({{ given('campaign') }}) as campaign,
    lower({{ given('channel') }}) as channel,
    {{ given('name') }} as name,
    try_cast(start_date as date) as start_date,
    try_cast(end_date as date) as end_date,
    try_cast(budget as decimal(12, 2)) as budget,
    upper({{ given('currency') }}) as currency,
    {{ raw_row(['campaign', 'channel', 'name', 'start_date', 'end_date', 'budget', 'currency', '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('campaigns_raw') }}
)
select *,
  {{ reasons([
    "case when campaign is null then 'campaign is missing' end",
    "case when channel is null then 'channel is missing' end",
    "case when start_date is null then 'start_date is not a date' end",
    "case when currency is null or not regexp_matches(currency, '^[A-Z]{3}$') then 'currency is not a code of three letters' end",
  ]) }} as reasons
from typed
