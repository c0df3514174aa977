{{ config(
  unique_key='charge_id',
  incremental_strategy='merge',
  merge_update_condition='(DBT_INTERNAL_SOURCE.source_file, DBT_INTERNAL_SOURCE.source_row)
    >= (DBT_INTERNAL_DEST.source_file, DBT_INTERNAL_DEST.source_row)'
) }}
-- Stripe: charges: as the newest line says.
select charge_id, payment_intent_id, order_id, amount, amount_refunded, currency, status, balance_transaction_id, created_at, livemode,
  source_file, source_row, source_load, {{ now() }} as loaded_at
from {{ ref('stg_stripe_charges') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
qualify row_number() over (partition by charge_id order by source_file desc, source_row desc) = 1
