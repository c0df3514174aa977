-- Payments, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('payment_id') }} as payment_id,
    {{ given('order_id') }} as order_id,
    try_cast(amount as decimal(12, 2)) as amount,
    coalesce(upper({{ given('currency') }}), 'EUR') as currency,
    {{ given('payment_method') }} as payment_method,
    lower(trim(payment_status)) as payment_status,
    {{ given('transaction_id') }} as transaction_id,
    try_cast(payment_date as timestamp) as payment_date,
    try_cast(updated_at as timestamp) as updated_at,
    {{ raw_row(['payment_id', 'order_id', 'amount', 'currency', 'payment_method', 'payment_status', 'transaction_id',
      'payment_date', 'updated_at', '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('payments_raw') }}
)
select *,
  {{ reasons([
    "case when payment_id is null then 'payment_id is missing' end",
    "case when amount is null then 'amount is not an amount' end",
    "case when currency is null or not regexp_matches(currency, '^[A-Z]{3}$') then 'currency is not a code of three letters' end",
    "case when payment_status is null
        or payment_status not in ('pending', 'completed', 'failed', 'cancelled', 'refunded', 'partially_refunded')
      then 'payment_status is not known' end",
    "case when payment_date is null then 'payment_date is not a date' end",
    "case when updated_at is null then 'updated_at is not a timestamp' end",
  ]) }} as reasons
from typed
