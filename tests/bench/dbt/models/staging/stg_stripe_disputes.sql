-- Stripe: disputes, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('dispute_id') }} as dispute_id,
    {{ given('charge_id') }} as charge_id,
    {{ cents('amount') }} as amount,
    upper(trim(currency)) as currency,
    lower(trim(status)) as status,
    {{ given('reason') }} as reason,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    try_cast(trim(livemode) as boolean) as livemode,
    {{ raw_row(['dispute_id', 'charge_id', 'amount', 'currency', 'status', 'reason', 'created', 'livemode', 'value',
      '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('stripe_disputes_raw') }}
)
select *,
  {{ reasons([
    "case when dispute_id is null then 'dispute_id is missing' end",
    "case when amount is null then 'amount is not an amount' end",
    "case when status is null then 'status is missing' end",
    "case when created_at is null then 'created is not a time' end",
  ]) }} as reasons
from typed
