-- Stripe: charges, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('charge_id') }} as charge_id,
    {{ given('payment_intent_id') }} as payment_intent_id,
    {{ given('order_id') }} as order_id,
    {{ cents('amount') }} as amount,
    {{ cents('amount_refunded') }} as amount_refunded,
    upper(trim(currency)) as currency,
    lower(trim(status)) as status,
    {{ given('balance_transaction_id') }} as balance_transaction_id,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    try_cast(trim(livemode) as boolean) as livemode,
    {{ raw_row(['charge_id', 'payment_intent_id', 'order_id', 'amount', 'amount_refunded', 'currency', 'status',
      'balance_transaction_id', 'created', 'livemode', 'value', '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('stripe_charges_raw') }}
)
select *,
  {{ reasons([
    "case when charge_id is null then 'charge_id is missing' end",
    "case when amount is null then 'amount is not an amount' end",
    "case when status is null or status not in ('succeeded', 'pending', 'failed') then 'status is not known' end",
    "case when created_at is null then 'created is not a time' end",
  ]) }} as reasons
from typed
