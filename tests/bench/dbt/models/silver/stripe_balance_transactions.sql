{{ config(
  unique_key='balance_transaction_id',
  incremental_strategy='merge',
  merge_update_condition='(DBT_INTERNAL_SOURCE.source_file, DBT_INTERNAL_SOURCE.source_row)
    >= (DBT_INTERNAL_DEST.source_file, DBT_INTERNAL_DEST.source_row)'
) }}
-- Stripe: changes of the balance: as the newest line says.
select balance_transaction_id, type, source_id, amount, fee, net, currency, created_at, created_date, available_on,
  source_file, source_row, source_load, {{ now() }} as loaded_at
from {{ ref('stg_stripe_balance_transactions') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
qualify row_number() over (partition by balance_transaction_id order by source_file desc, source_row desc) = 1
