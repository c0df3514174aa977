{{ config(
  unique_key='dispute_id',
  incremental_strategy='merge',
  merge_update_condition='(DBT_INTERNAL_SOURCE.source_file, DBT_INTERNAL_SOURCE.source_row)
    >= (DBT_INTERNAL_DEST.source_file, DBT_INTERNAL_DEST.source_row)'
) }}
-- Stripe: disputes: as the newest line says.
select dispute_id, charge_id, amount, currency, status, reason, created_at, livemode,
  source_file, source_row, source_load, {{ now() }} as loaded_at
from {{ ref('stg_stripe_disputes') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
qualify row_number() over (partition by dispute_id order by source_file desc, source_row desc) = 1
