-- Stripe: changes of the balance, typed, with the reasons for which silver refuses them.
with typed as (
  select {{ given('balance_transaction_id') }} as balance_transaction_id,
    lower(trim(type)) as type,
    {{ given('source_id') }} as source_id,
    {{ cents('amount') }} as amount,
    {{ cents('fee') }} as fee,
    {{ cents('net') }} as net,
    upper(trim(currency)) as currency,
    make_timestamp(try_cast(created as bigint) * 1000000) as created_at,
    created_at::date as created_date,
    make_timestamp(try_cast(available_on as bigint) * 1000000)::date as available_on,
    {{ raw_row(['balance_transaction_id', 'type', 'source_id', 'amount', 'fee', 'net', 'currency', 'created',
      'available_on', 'value', '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('stripe_balance_transactions_raw') }}
)
select *,
  {{ reasons([
    "case when balance_transaction_id is null then 'balance_transaction_id is missing' end",
    "case when type is null then 'type is missing' end",
    "case when amount is null then 'amount is not an amount' end",
    "case when fee is null then 'fee is not an amount' end",
    "case when net is null then 'net is not an amount' end",
    "case when created_at is null then 'created is not a time' end",
  ]) }} as reasons
from typed
