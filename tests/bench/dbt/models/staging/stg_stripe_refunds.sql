-- Stripe: refunds, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('refund_id') }} as refund_id,
    {{ given('charge_id') }} as charge_id,
    {{ given('payment_intent_id') }} as payment_intent_id,
    {{ cents('amount') }} as amount,
    upper(trim(currency)) as currency,
    lower(trim(status)) as status,
    {{ given('reason') }} as reason,
    {{ given('balance_transaction_id') }} as balance_transaction_id,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    try_cast(trim(livemode) as boolean) as livemode,
    {{ raw_row(['refund_id', 'charge_id', 'payment_intent_id', 'amount', 'currency', 'status', 'reason',
      'balance_transaction_id', 'created', 'livemode', 'value', '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('stripe_refunds_raw') }}
)
select *,
  {{ reasons([
    "case when refund_id is null then 'refund_id is missing' end",
    "case when amount is null then 'amount is not an amount' end",
    "case when status is null or status not in ('pending', 'requires_action', 'succeeded', 'failed', 'canceled')
      then 'status is not known' end",
    "case when created_at is null then 'created is not a time' end",
  ]) }} as reasons
from typed
